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

/** A completion that parsed. `more` are further values of the same type that stood in the same completion. */
export interface Accepted<Result> {
  readonly ok: true;
  readonly value: Result;
  readonly fidelity: Fidelity;
  readonly more: readonly { readonly value: Result; readonly fidelity: Fidelity }[];
  /**
   * What the model wrote that can be seen, with the places of the JSON in it; `wordsAround` gives the words alone. Absent
   * where the value was not read from a completion: from a script, say.
   */
  readonly said?: Said | undefined;
  readonly completion: CompletionRecord;
}

export type Answer<Result> = Accepted<Result> | Refusal;

/** A streamed answer. Partials that nobody has read yet are dropped when a later one comes. */
export interface PromptStream<Result, Partial> extends AsyncIterable<Partial> {
  /** Rejects as `call` does. Iterating ends, or throws, together with it. */
  readonly answer: Promise<Answer<Result>>;
}

/** A model client as plain data: what becomes a per-call BAML client. `options` holds the key. */
export interface ModelClient {
  /** Shown to people and kept on events, e.g. `openai/gpt-5-mini`. */
  readonly name: string;
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Which clients answer: the first and, when it is down, the next; or each in turn. */
export interface ModelChoice {
  readonly clients: readonly ModelClient[];
  readonly strategy: "fallback" | "round_robin";
  /** For functions that have none of their own. */
  readonly timeouts?: Timeouts | undefined;
  /** For functions that have none of their own. */
  readonly retry?: RetryPolicy | undefined;
}
