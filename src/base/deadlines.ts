/** The longest time that a timer waits, in ms: about 24.8 days. Node fires a longer one at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  /** Milliseconds; absent or infinite: no limit. Longer than a timer can wait: as long as it can. */
  readonly ms?: number | undefined;
  /** Aborting it ends the wait too. */
  readonly signal?: AbortSignal | undefined;
  /** What is thrown when the time is up. Default: an `Error` that says how long was waited. */
  readonly timeUp?: (() => Error) | undefined;
}

/**
 * What `work` gives, unless its time is up or `signal` is aborted first: then it rejects with what `timeUp` gives or
 * with the signal's reason, whether `work` heeds the signal it is given or not. What `work` throws is thrown.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  { ms = Number.POSITIVE_INFINITY, signal, timeUp = () => new Error(`no answer within ${ms} ms`) }: Deadline,
): Promise<T> {
  signal?.throwIfAborted();
  const ended = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    ended.abort(signal?.reason);
    reject(signal?.reason);
  };
  const onTimeUp = () => {
    ended.abort(new DOMException(`no answer within ${ms} ms`, "TimeoutError"));
    reject(timeUp());
  };
  const timer = Number.isFinite(ms) ? setTimeout(onTimeUp, Math.min(ms, LONGEST_TIMER_MS)) : undefined;
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(ended.signal), promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
