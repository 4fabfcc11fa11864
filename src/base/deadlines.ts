/** The longest time that a timer waits, in ms: about 24.8 days. Node fires a longer one at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  /** Milliseconds; absent or infinite: no limit. Longer than a timer can wait: as long as it can. */
  readonly ms?: number | undefined;
  /** Aborting it ends the wait too. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What `work` gives, unless its time is up or `signal` is aborted first: then it rejects with an `Error` that says so or
 * with the signal's reason, whether `work` heeds the signal it is given or not. What `work` throws is thrown.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  { ms = Number.POSITIVE_INFINITY, signal }: Deadline,
): Promise<T> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    ended.abort(signal?.reason);
    reject(signal?.reason);
  };
  const timeUp = () => {
    const message = `no answer within ${ms} ms`;
    ended.abort(new DOMException(message, "TimeoutError"));
    reject(new Error(message));
  };
  const timer = Number.isFinite(ms) ? setTimeout(timeUp, Math.min(ms, LONGEST_TIMER_MS)) : undefined;
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(ended.signal), promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
