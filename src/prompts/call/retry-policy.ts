/** How often and how patiently one client is tried. Times in milliseconds. */
export interface RetryPolicy {
  /** Tries at each client. Default 3. */
  readonly attempts?: number;
  /** Wait before the second try; doubles with each. The real wait is between half of it and all of it. Default 500. */
  readonly firstDelay?: number;
  /** Default 20 s. */
  readonly maxDelay?: number;
  /** A provider that asks for a longer wait is given up instead. Default 60 s. */
  readonly maxRetryAfter?: number;
  /** A server that is still loading its model (503) is waited for in all, whatever `attempts` says. Default 2 min. */
  readonly maxLoading?: number;
}

export const DEFAULT_RETRY: Required<RetryPolicy> = {
  attempts: 3,
  firstDelay: 500,
  maxDelay: 20_000,
  maxRetryAfter: 60_000,
  maxLoading: 120_000,
};
