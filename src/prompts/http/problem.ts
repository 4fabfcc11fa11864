/** Why an attempt gave no usable answer, below the level of HTTP statuses. */
export type ProblemKind =
  | "bad_url"
  | "no_connection"
  | "stale_connection"
  | "reset"
  | "timeout"
  /** The whole answer took longer than it may: it would again. */
  | "too_slow"
  | "too_large"
  | "not_a_completion";

/** An attempt that failed before it gave a completion. Internal: callers get a `ProviderError`. */
export class FetchProblem extends Error {
  readonly kind: ProblemKind;

  constructor(kind: ProblemKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "FetchProblem";
    this.kind = kind;
  }
}
