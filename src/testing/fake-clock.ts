import type { Clock } from "../base/clock.ts";

export interface FakeClock extends Clock {
  /**
   * Moves the time forward by `ms` milliseconds and wakes every sleeper whose time has come, in order. Resolves after
   * each has run once.
   */
  advance(ms: number): Promise<void>;
  /** How many callers of `sleep` are waiting. */
  readonly sleepers: number;
}

/**
 * A clock that stands still until `advance` is called. `start` is in ms since the epoch. Default 2026-01-01T00:00:00Z.
 */
export function fakeClock(start: number = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start;
  const sleepers = new Set<{ readonly until: number; wake(): void }>();
  return {
    now: () => now,
    get sleepers() {
      return sleepers.size;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = {
          until: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
    async advance(ms) {
      const end = now + ms;
      // Lets code that has just been started go to sleep first.
      await new Promise((resolve) => setImmediate(resolve));
      for (;;) {
        const next = [...sleepers].sort((a, b) => a.until - b.until)[0];
        if (next === undefined || next.until > end) break;
        now = Math.max(now, next.until);
        next.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = end;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
