/** How often one client is tried, and with what pauses. Times in milliseconds. */
export interface RetryPolicy {
  /** Tries at each client, the first included. Default 3. */
  readonly attempts?: number;
  /** The wait before the second try; it doubles with each. The actual wait is between half of that and all of it. Default 500. */
  readonly firstDelay?: number;
  /** The longest wait between two tries. Default 20,000. */
  readonly maxDelay?: number;
  /** A provider that asks for a longer wait than this is given up. Default 60,000. */
  readonly maxRetryAfter?: number;
  /** How long to wait in all for a server that is still loading its model (503), whatever `attempts` says. Default 120,000. */
  readonly maxLoading?: number;
}

export const DEFAULT_RETRY: Required<RetryPolicy> = {
  attempts: 3,
  firstDelay: 500,
  maxDelay: 20_000,
  maxRetryAfter: 60_000,
  maxLoading: 120_000,
};
