/** The longest time that a timer waits, in ms: about 24.8 days. Node fires a longer one at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  /** Milliseconds. No limit if absent or infinite; at most what a timer can wait. */
  readonly ms?: number | undefined;
  /** Aborting it ends the wait, too. */
  readonly signal?: AbortSignal | undefined;
  /** Makes the error to throw when the time is up. Default: an `Error` that says how long the wait was. */
  readonly timeUp?: (() => Error) | undefined;
}

/**
 * Resolves with the result of `work`, or throws what `work` throws. If the time is up or `signal` is aborted first, it
 * rejects with the error from `timeUp` or the signal's reason, even if `work` ignores the signal it is passed.
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

/**
 * A signal that is aborted after `ms` milliseconds, or with `signal` if that comes first: for requests that others end.
 * A time that is longer than a timer waits counts as the longest.
 */
export function limitTime(ms: number, signal?: AbortSignal | undefined): AbortSignal {
  const timeUp = AbortSignal.timeout(Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
  return signal === undefined ? timeUp : AbortSignal.any([timeUp, signal]);
}
