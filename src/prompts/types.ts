import type { CompletionRecord, Fidelity } from "../base/completion.ts";
import type { RetryPolicy } from "./call/retry-policy.ts";
import type { Said } from "./gate/said.ts";
import type { Timeouts } from "./http/timeouts.ts";

/** The HTTP request a model will get. Headers hold credentials: print `redactedHeaders` instead. */
export interface PreparedRequest {
  readonly client: string;
  readonly method: string;
  /** Not enumerable, like `headers`: it may hold a key. */
  readonly url: string;
  /** Without user info and keys in the query. */
  readonly redactedUrl: string;
  /** Not enumerable, so that a request that is logged whole does not show its key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly redactedHeaders: Readonly<Record<string, string>>;
  readonly body: string;
  /** SHA-256 of the body. */
  readonly digest: string;
}

/** Why a completion was not accepted. Data, not an exception: the model is told and asked again. */
export interface Refusal {
  readonly ok: false;
  readonly reason:
    | "too_large"
    | "too_deep"
    | "too_many_objects"
    | "cut_off"
    | "empty"
    | "content_filtered"
    | "no_match";
  /** What was wrong and what would be accepted, for the model to read. */
  readonly message: string;
  readonly completion: CompletionRecord;
}

/** A completion that parsed. `more` holds further values of the same type from the same completion. */
export interface Accepted<Result> {
  readonly ok: true;
  readonly value: Result;
  readonly fidelity: Fidelity;
  readonly more: readonly { readonly value: Result; readonly fidelity: Fidelity }[];
  /**
   * The visible part of what the model wrote, with the places of the JSON in it; `wordsAround` returns the words alone.
   * Absent if the value was not read from a completion but, say, from a script.
   */
  readonly said?: Said | undefined;
  readonly completion: CompletionRecord;
}

export type Answer<Result> = Accepted<Result> | Refusal;

/** A streamed answer. A partial that nobody has read yet is dropped when a later one comes. */
export interface PromptStream<Result, Partial> extends AsyncIterable<Partial> {
  /** Rejects as `call` does. Iterating ends, or throws, together with it. */
  readonly answer: Promise<Answer<Result>>;
}

/** A model client as plain data, from which a BAML client is made for each call. `options` holds the key. */
export interface ModelClient {
  /** The name shown to people and kept in events, e.g. `openai/gpt-5-mini`. */
  readonly name: string;
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Lets a call of a client begin. Resolves, when it may, with what is to be called at its end, with the tokens that it took if
 * that is known. Rejects only with the signal's reason.
 */
export type Admit = (
  client: string,
  signal: AbortSignal | undefined,
) => Promise<(tokens: number | undefined) => void>;

/** The clients that may answer: the first and, if it is down, the next; or each in turn. */
export interface ModelChoice {
  readonly clients: readonly ModelClient[];
  readonly strategy: "fallback" | "round_robin";
  /** Time-outs for functions that set none. */
  readonly timeouts?: Timeouts | undefined;
  /** Retries for functions that set none. */
  readonly retry?: RetryPolicy | undefined;
}
