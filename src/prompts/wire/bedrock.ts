import { type FinishReason, items, member, readUsage, text, type WireFormat } from "./wire.ts";

const FINISH: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  guardrail_intervened: "filtered",
  content_filtered: "filtered",
};

const USAGE = {
  input: ["inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"],
  output: ["outputTokens"],
  cached: ["cacheReadInputTokens"],
};

/** Amazon Bedrock's Converse API. It is never streamed here (see docs/prompts.md). */
export const bedrock: WireFormat = {
  name: "bedrock",
  readReply(body) {
    const message = member(member(body, "output"), "message");
    if (message === undefined) return undefined;
    const reason = member(body, "stopReason");
    return {
      text: items(member(message, "content"))
        .map((block) => text(member(block, "text")))
        .join(""),
      finish: typeof reason === "string" ? (FINISH[reason] ?? "other") : "other",
      usage: readUsage(member(body, "usage"), USAGE) ?? null,
    };
  },
  readPart: () => ({}),
  streamsEnd: false,
};
