import type { Json } from "../../base/json.ts";

/** How a completion ended, in terms common to all providers. */
export type FinishReason =
  /** The model finished its answer. */
  | "stop"
  /** It was cut off at a token limit. */
  | "length"
  /** A content filter stopped it. */
  | "filtered"
  /** The provider gave a reason that is not in the table: nobody knows whether the text is whole. */
  | "unknown";

/** How a provider says the completion ended. `failed`: the provider could not go on, so the text is incomplete. */
export interface Finish {
  readonly kind: FinishReason | "failed";
  /** The provider's own word for it. */
  readonly reason: string;
}

/**
 * The reasons that providers give, in lower case. One table for all formats, because gateways and compatible servers
 * pass on the words of whichever provider answers behind them. Tool calls are missing because no tools are offered.
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

/** Written by some servers in each chunk while there is no reason yet. */
const NONE = new Set(["", "null", "none", "finish_reason_unspecified", "in_progress", "queued"]);

const KINDS = new Map(
  (["stop", "length", "filtered", "failed"] as const).flatMap((kind) =>
    FINISHES[kind].map((reason) => [reason, kind] as const),
  ),
);

/** Reads a reason; `undefined` if there is none. */
export function readFinish(reason: Json | undefined): Finish | undefined {
  if (typeof reason !== "string") return undefined;
  const word = reason.trim().toLowerCase();
  if (NONE.has(word)) return undefined;
  // Compatible servers have their own words for a limit: a cut answer is refused whatever they call it.
  const kind = KINDS.get(word) ?? (/length|max|limit|truncat/.test(word) ? "length" : "unknown");
  return { kind, reason: reason.trim().slice(0, 100) };
}

export const FILTERED: Finish = { kind: "filtered", reason: "refusal" };

/** The reasons that mean a complete answer. */
export const GOOD_FINISHES = FINISHES.stop;
