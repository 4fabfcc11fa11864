import type { RequestId } from "./ids.ts";

/** The stable names of all errors that this package throws; `docs/errors.md` explains each. */
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
  | "engine_failed"
  | "provider_rejected"
  | "provider_unavailable"
  | "prompt_too_long"
  | "needs_person"
  | "run_failed"
  | "aborted"
  | "replay_mismatch"
  | "unexpected_call";

/** The HTTP status of each error, for the API and for pages. */
export const HTTP_STATUS = {
  invalid_argument: 422,
  invalid_configuration: 500,
  missing_credentials: 500,
  not_found: 404,
  conflict: 409,
  sequence_conflict: 409,
  illegal_event: 409,
  forbidden: 403,
  expired: 410,
  // The disk is full, or another process holds the lock: this may pass.
  storage_failed: 503,
  storage_corrupt: 500,
  engine_failed: 503,
  provider_rejected: 500,
  provider_unavailable: 500,
  prompt_too_long: 500,
  needs_person: 409,
  run_failed: 500,
  aborted: 503,
  replay_mismatch: 500,
  unexpected_call: 500,
} as const satisfies Readonly<Record<ErrorCode, number>>;

/** The meaning of each HTTP status that the server answers with, in a few words. */
export const HTTP_TITLE = {
  400: "The request is malformed",
  401: "Nobody is signed in",
  403: "You may not do this",
  404: "Not found",
  409: "This does not fit any more",
  410: "This has expired or was used before",
  413: "Too large",
  415: "Unsupported media type",
  422: "This could not be taken",
  429: "Too many requests",
  500: "Something went wrong here",
  503: "Try again later",
} as const;

/** True for internal errors: their message is for the log, not for the caller. */
export function isInternal(error: unknown): boolean {
  if (!TwelvefoldError.isInstance(error)) return true;
  return HTTP_STATUS[error.code] === 500 || error.code === "storage_failed";
}

const marker = Symbol.for("twelvefold.error");

/**
 * The base of every error thrown by this package. Mistakes of models and tools are not thrown: they are events.
 * The subclass says what the caller should do next; `code` is stable across releases.
 */
export class TwelvefoldError extends Error {
  readonly code: ErrorCode;
  /** Facts for programs: ids, limits, the value received. Holds no secrets. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly [marker] = true;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }

  /** True for errors of this package, even if two copies of it are loaded. */
  static isInstance(value: unknown): value is TwelvefoldError {
    return typeof value === "object" && value !== null && (value as { [marker]?: unknown })[marker] === true;
  }
}

/** The call or the configuration is wrong: fix it. */
export class UsageError extends TwelvefoldError {}
/** There is no such thread, request, agent or event. */
export class NotFoundError extends TwelvefoldError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super("not_found", message, { details });
  }
}
/** The call is well formed but does not fit the thread's state: read the state again, then decide. */
export class ConflictError extends TwelvefoldError {}
/** The principal may not do this: ask somebody who may. */
export class ForbiddenError extends TwelvefoldError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super("forbidden", message, { details });
  }
}
/** The store could not read or write. Nothing was changed; the message says what to check. */
export class StorageError extends TwelvefoldError {}

/** The run can go on only when a person answers: give it a store, where people can reach it. */
export class NeedsPersonError extends TwelvefoldError {
  /** The request that waits; in the thread of another agent if that one asks. */
  readonly requestId: RequestId;

  constructor(requestId: RequestId, question: string) {
    const message = `the run needs a person (${question}), and without a store nobody can answer`;
    super("needs_person", message, { details: { requestId } });
    this.requestId = requestId;
  }
}
/** The run of an agent has ended with an error. */
export class RunFailedError extends TwelvefoldError {
  constructor(agent: string, threadId: string, error: { readonly name: string; readonly message: string }) {
    const message = `agent ${agent} failed: ${error.name}: ${error.message}`;
    super("run_failed", message, { details: { agent, threadId, error: error.name } });
  }
}
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
