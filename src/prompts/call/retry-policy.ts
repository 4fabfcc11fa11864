/** How often one client is tried, and with what pauses. Times in milliseconds. */
export interface RetryPolicy {
  /** Tries per client, including the first. Default 3. */
  readonly attempts?: number;
  /**
   * The wait before the second try, in ms; it doubles with each further one. The actual wait is random, between half
   * and all of it. Default 500.
   */
  readonly firstDelay?: number;
  /** The longest wait between two tries, in ms. Default 20,000. */
  readonly maxDelay?: number;
  /** If a provider asks for a longer wait than this, in ms, it is not tried again. Default 60,000. */
  readonly maxRetryAfter?: number;
  /**
   * How long to wait in all, in ms, for a server that is still loading its model (503), regardless of `attempts`.
   * Default 120,000.
   */
  readonly maxLoading?: number;
}

export const DEFAULT_RETRY: Required<RetryPolicy> = {
  attempts: 3,
  firstDelay: 500,
  maxDelay: 20_000,
  maxRetryAfter: 60_000,
  maxLoading: 120_000,
};
