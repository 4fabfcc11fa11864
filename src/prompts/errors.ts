import { type ErrorCode, TwelvefoldError } from "../base/errors.ts";

/** One try at one client that brought no answer. Holds no secrets. */
export interface FailedAttempt {
  /** Name of the client, e.g. `openai/gpt-5-mini`. */
  readonly client: string;
  /** HTTP status; absent if there was no response. */
  readonly status?: number | undefined;
  /** What happened, in one line. */
  readonly message: string;
}

/** What is known of a call that failed for good. */
export interface ProviderFacts {
  /** The last client that was asked. */
  readonly client: string;
  /** The HTTP status of its last answer. Absent: there was none. */
  readonly status?: number | undefined;
  /** Every attempt, the first one first. */
  readonly attempts: readonly FailedAttempt[];
  readonly cause?: unknown;
}

/** The codes of errors that come from a provider. */
export type ProviderErrorCode = Extract<
  ErrorCode,
  "provider_rejected" | "provider_unavailable" | "prompt_too_long"
>;

/** The model's provider gave no answer. `attempts` lists every try, in order. */
export class ProviderError extends TwelvefoldError {
  /** The client of the failure that the message is about. */
  readonly client: string;
  /** Its HTTP status; `undefined` if there was no response at all. */
  readonly status: number | undefined;
  readonly attempts: readonly FailedAttempt[];

  constructor(code: ProviderErrorCode, message: string, facts: ProviderFacts) {
    super(code, message, {
      details: { client: facts.client, status: facts.status, attempts: facts.attempts },
      cause: facts.cause,
    });
    this.client = facts.client;
    this.status = facts.status;
    this.attempts = facts.attempts;
  }
}

/** The provider refuses this request (4xx): trying again changes nothing. Fix the key, the model's name or the request. */
export class ProviderRejectedError extends ProviderError {
  constructor(message: string, facts: ProviderFacts) {
    super("provider_rejected", message, facts);
  }
}

/**
 * The prompt has more tokens than the model or its server accepts. Trying again does not help: make the prompt shorter
 * (see the agent's token budget), or choose a model that accepts more.
 */
export class PromptTooLongError extends ProviderError {
  constructor(message: string, facts: ProviderFacts) {
    super("prompt_too_long", message, facts);
  }
}

/** The provider was down, slow or busy at every try: try again later. */
export class ProviderUnavailableError extends ProviderError {
  /** How long the provider asked to wait, in ms, if it said so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: ProviderFacts & { readonly retryAfterMs?: number | undefined }) {
    super("provider_unavailable", message, facts);
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** No key for the chosen provider: set the variable that the message names, or choose another model. */
export class MissingCredentialsError extends TwelvefoldError {
  constructor(message: string, details?: Readonly<Record<string, unknown>>) {
    super("missing_credentials", message, { details });
  }
}

/** The caller's signal was aborted; `cause` is its reason. The socket to the provider is closed. */
export class CallAbortedError extends TwelvefoldError {
  constructor(functionName: string, reason: unknown) {
    super("aborted", `the call of ${functionName} was aborted`, { cause: reason });
  }
}
