import type { Json } from "../../base/json.ts";

/** How a completion ended, in the words of no provider in particular. */
export type FinishReason =
  /** The model said all that it wanted to. */
  | "stop"
  /** It was cut off at a token limit. */
  | "length"
  /** A content filter stopped it. */
  | "filtered"
  /** The provider gave a reason that is not in the table: nobody knows whether the text is whole. */
  | "unknown";

/** What a provider says about the end. `failed`: it could not go on, so that the text is half of an answer. */
export interface Finish {
  readonly kind: FinishReason | "failed";
  /** The provider's own word. */
  readonly reason: string;
}

/**
 * The reasons that providers give, in lower case. One table for all formats: gateways and compatible servers pass on the
 * words of whoever answers behind them. Calls of tools are not in it, because none are offered.
 */
const FINISHES: Readonly<Record<Exclude<Finish["kind"], "unknown">, readonly string[]>> = {
  stop: ["stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed"],
  length: ["length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"],
  filtered: [
    "content_filter",
    "content_filtered",
    "content-filter",
    "filtered",
    "sensitive",
    "guardrail_intervened",
    "refusal",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "language",
    "image_safety",
    "image_prohibited_content",
    "image_recitation",
  ],
  failed: [
    "error",
    "failed",
    "network_error",
    "insufficient_system_resource",
    "other",
    "abort",
    "aborted",
    "cancelled",
    "canceled",
    "timeout",
    "incomplete",
    "malformed_function_call",
    "malformed_response",
    "malformed_model_output",
    "malformed_tool_use",
    "unexpected_tool_call",
    "image_other",
    "no_image",
  ],
};

/** Written where there is no reason yet, by some servers in each chunk. */
const NONE = new Set(["", "null", "none", "finish_reason_unspecified", "in_progress", "queued"]);

const KINDS = new Map(
  (["stop", "length", "filtered", "failed"] as const).flatMap((kind) =>
    FINISHES[kind].map((reason) => [reason, kind] as const),
  ),
);

/** Reads a reason; `undefined` if it is none. */
export function readFinish(reason: Json | undefined): Finish | undefined {
  if (typeof reason !== "string") return undefined;
  const word = reason.trim().toLowerCase();
  if (NONE.has(word)) return undefined;
  // Compatible servers have words of their own for a limit: a cut answer is refused whatever they call it.
  const kind = KINDS.get(word) ?? (/length|max|limit|truncat/.test(word) ? "length" : "unknown");
  return { kind, reason: reason.trim().slice(0, 100) };
}

export const FILTERED: Finish = { kind: "filtered", reason: "refusal" };

/** The reasons that say that an answer is whole. */
export const GOOD_FINISHES = FINISHES.stop;
