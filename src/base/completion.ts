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
  /** Tries that gave no answer before this one did: client and message of each. Absent: there were none. */
  readonly failedAttempts?: readonly string[];
}
