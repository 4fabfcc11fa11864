import { TwelvefoldError } from "../base/errors.ts";

/** The caller has not said who it is, or its credentials are not valid. */
export class UnauthorizedError extends TwelvefoldError {
  constructor(message: string) {
    super("forbidden", message);
  }
}

/** The request itself cannot be taken, whatever the thread's state: `status` says why. */
export class RequestError extends TwelvefoldError {
  readonly status: 400 | 404 | 410 | 413 | 415 | 422 | 429 | 503;
  /** Seconds after which to try again. */
  readonly retryAfter: number | undefined;

  constructor(
    status: RequestError["status"],
    message: string,
    options: {
      readonly details?: Readonly<Record<string, unknown>> | undefined;
      readonly retryAfter?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    const { details = {}, cause } = options;
    super("invalid_argument", message, { details, cause });
    this.status = status;
    this.retryAfter = options.retryAfter;
  }
}
