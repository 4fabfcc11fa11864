/** How faithfully a completion was turned into a value. */
export interface Fidelity {
  readonly grade: "exact" | "tolerant" | "doubtful";
  /** Why it is not `exact`: short names such as `repaired_syntax`, `several_objects`, `coerced_value`. */
  readonly reasons: readonly string[];
}

/** Tokens as the provider counted them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
}

/** The share of the input tokens that came from the provider's cache, from 0 to 1; `null` if there were none. */
export function cachedShare({ inputTokens, cachedInputTokens }: Usage): number | null {
  return inputTokens === 0 ? null : Math.min(1, cachedInputTokens / inputTokens);
}

/** What the provider said of an answer: each a text of the provider, cut at 200 characters. */
export interface ProviderResponse {
  /** The id that the provider knows it by. */
  readonly id?: string | undefined;
  /** The model that answered, which may be more exact than what was asked for. */
  readonly model?: string | undefined;
  /** Why it ended, in the provider's word. */
  readonly finish?: string | undefined;
}

/** What is kept of one model call. */
export interface CompletionRecord {
  /** The text exactly as the model wrote it. */
  readonly raw: string;
  /** Name of the client that answered, e.g. `openai/gpt-5-mini`. */
  readonly client: string;
  readonly usage: Usage | null;
  readonly durationMs: number;
  /** SHA-256 of the request body that was sent. */
  readonly requestDigest: string;
  /** Absent if the provider said nothing, or in events of an earlier release. */
  readonly response?: ProviderResponse | undefined;
  /** Tries that gave no answer before this one did: client and message of each. Absent: there were none. */
  readonly failedAttempts?: readonly string[];
}
