import { LONGEST_TIMER_MS } from "./deadlines.ts";

/** Where the time comes from. Passed in everywhere, so that tests and replays decide what time it is. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason if it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    // A timer cannot wait for longer than that: sleep the rest afterwards.
    let left = ms;
    for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await pause(LONGEST_TIMER_MS, signal);
    await pause(left, signal);
  },
};

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** The latest time that a date can hold, in ms since the epoch: a day in the year 275760. */
export const LAST_TIME = 8_640_000_000_000_000;

/**
 * A time in the form kept in events: ISO 8601, UTC, with milliseconds. A time later than any date (or earlier than any)
 * becomes the latest (or earliest) date, so that "in 300,000 years" and "never" are written as what they mean. Throws
 * `RangeError` for anything that is not a number.
 */
export function isoTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second === latest.second && Number.isInteger(ms)) {
    return `${latest.text}${String(ms - second * 1000).padStart(3, "0")}Z`;
  }
  const text = new Date(Math.min(LAST_TIME, Math.max(-LAST_TIME, ms))).toISOString();
  if (Number.isInteger(ms) && Math.abs(ms) < LAST_TIME) latest = { second, text: text.slice(0, -4) };
  return text;
}

/** The last second that a time was in, as text up to the point: the events of a step nearly always share it. */
let latest = { second: Number.NaN, text: "" };
