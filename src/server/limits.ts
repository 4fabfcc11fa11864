import type { Clock } from "../base/clock.ts";
import { RequestError } from "./errors.ts";

export interface ServerLimits {
  /** The largest body taken, in bytes. Default 2 MB. */
  readonly bodyBytes: number;
  /** Requests a second that one caller may send for long. Default 100. */
  readonly requestsPerSecond: number;
  /** Requests that one caller may send at once after a rest. Default 500. */
  readonly burst: number;
  /** Event streams open at the same time. Default 2,000. */
  readonly streams: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  bodyBytes: 2_000_000,
  requestsPerSecond: 100,
  burst: 500,
  streams: 2_000,
};

const MAX_CALLERS = 10_000;

/** Counts requests by caller. Throws `RequestError` 429 for one too many, with the time to wait. */
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
    // Moved to the end: the first in the map is the one that was quiet longest.
    callers.delete(caller);
    callers.set(caller, { tokens: Math.max(0, tokens - 1), at: now });
    if (callers.size > MAX_CALLERS) {
      const [oldest] = callers.keys();
      if (oldest !== undefined) callers.delete(oldest);
    }
    if (tokens >= 1) return;
    const retryAfter = Math.max(1, Math.ceil((1 - tokens) / requestsPerSecond));
    throw new RequestError(429, `at most ${requestsPerSecond} requests a second are taken from one caller`, {
      retryAfter,
    });
  };
}
