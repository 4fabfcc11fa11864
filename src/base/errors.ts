/** Stable names of everything that this package throws; `docs/errors.md` explains each. */
export type ErrorCode =
  | "invalid_argument"
  | "invalid_configuration"
  | "missing_credentials"
  | "not_found"
  | "conflict"
  | "sequence_conflict"
  | "illegal_event"
  | "forbidden"
  | "expired"
  | "storage_failed"
  | "storage_corrupt"
  | "provider_rejected"
  | "provider_unavailable"
  | "prompt_too_long"
  | "aborted"
  | "replay_mismatch"
  | "unexpected_call";

const marker = Symbol.for("twelvefold.error");

/**
 * The base of every error thrown by this package. Mistakes of models and tools are not thrown: they are events.
 * The subclass says what the caller should do next; `code` is stable across releases.
 */
export class TwelvefoldError extends Error {
  readonly code: ErrorCode;
  /** Facts for programs: ids, limits, what came. Holds no secrets. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly [marker] = true;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }

  /** True for errors of this package, also when two copies of it are loaded. */
  static isInstance(value: unknown): value is TwelvefoldError {
    return typeof value === "object" && value !== null && (value as { [marker]?: unknown })[marker] === true;
  }
}

/** The call or the configuration is wrong: fix it. */
export class UsageError extends TwelvefoldError {}
/** No such thread, request, agent, event. */
export class NotFoundError extends TwelvefoldError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super("not_found", message, details === undefined ? {} : { details });
  }
}
/** The call is well formed but does not fit the thread's state: read the state again, then decide. */
export class ConflictError extends TwelvefoldError {}
/** The principal may not do this: ask somebody who may. */
export class ForbiddenError extends TwelvefoldError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super("forbidden", message, details === undefined ? {} : { details });
  }
}
/** The store could not read or write: nothing was changed; the message says what to look at. */
export class StorageError extends TwelvefoldError {}

/** Somebody else appended first: load the thread and decide again. */
export class SequenceConflictError extends ConflictError {
  constructor(threadId: string, expected: number, actual: number) {
    super(
      "sequence_conflict",
      `thread ${threadId} is at event ${actual}, not ${expected}: another writer was first`,
      {
        details: { threadId, expected, actual },
      },
    );
  }
}
