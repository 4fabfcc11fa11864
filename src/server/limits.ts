import type { Clock } from "../base/clock.ts";
import { keepLatest } from "../base/keep-latest.ts";
import { RequestError } from "./errors.ts";

export interface ServerLimits {
  /** The largest body accepted, in bytes. Default 2 MB. */
  readonly bodyBytes: number;
  /** Values in a JSON body: objects, lists, texts, numbers and the like. Default 20,000. */
  readonly bodyValues: number;
  /** Requests per second that one caller may send in the long run. Default 100. */
  readonly requestsPerSecond: number;
  /** Requests that one caller may send at once after a pause. Default 500. */
  readonly burst: number;
  /** Event streams open at the same time. Default 2,000. */
  readonly streams: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  bodyBytes: 2_000_000,
  bodyValues: 20_000,
  requestsPerSecond: 100,
  burst: 500,
  streams: 2_000,
};

const MAX_CALLERS = 10_000;

/** Counts requests per caller. Throws a `RequestError` 429, with the time to wait, for one request too many. */
export function createRateLimit(
  clock: Clock,
  { requestsPerSecond, burst }: Pick<ServerLimits, "requestsPerSecond" | "burst">,
): (caller: string) => void {
  const callers = new Map<string, { tokens: number; at: number }>();
  return (caller) => {
    const now = clock.now();
    const before = callers.get(caller) ?? { tokens: burst, at: now };
    const refilled = before.tokens + ((now - before.at) / 1000) * requestsPerSecond;
    const tokens = Math.min(burst, refilled);
    // Moves the caller to the end, so that the first in the map is the one that has been quiet longest.
    callers.delete(caller);
    callers.set(caller, { tokens: Math.max(0, tokens - 1), at: now });
    keepLatest(callers, MAX_CALLERS);
    if (tokens >= 1) return;
    const retryAfter = Math.max(1, Math.ceil((1 - tokens) / requestsPerSecond));
    throw new RequestError(429, `at most ${requestsPerSecond} requests a second are taken from one caller`, {
      retryAfter,
    });
  };
}
