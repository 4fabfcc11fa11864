import type { Json } from "../../base/json.ts";
import { type FinishReason, items, member, readError, readUsage, text, type WireFormat } from "./wire.ts";

const FINISH: Readonly<Record<string, FinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "filtered",
};

// Anthropic counts cached tokens apart from the input; everywhere else they are part of it.
const USAGE = {
  input: ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
  output: ["output_tokens"],
  cached: ["cache_read_input_tokens"],
};

/** Anthropic's Messages API. Thinking blocks are left out of the text. */
export const anthropic: WireFormat = {
  name: "anthropic",
  readReply(body) {
    if (member(body, "type") !== "message") return undefined;
    const blocks = items(member(body, "content")).filter((block) => member(block, "type") === "text");
    return {
      text: blocks.map((block) => text(member(block, "text"))).join(""),
      finish: finishOf(member(body, "stop_reason")) ?? "other",
      usage: readUsage(member(body, "usage"), USAGE) ?? null,
    };
  },
  readPart(event) {
    switch (member(event, "type")) {
      case "message_start": {
        const usage = readUsage(member(member(event, "message"), "usage"), USAGE);
        return usage === undefined ? {} : { usage };
      }
      case "content_block_delta": {
        const delta = member(event, "delta");
        return member(delta, "type") === "text_delta" ? { text: text(member(delta, "text")) } : {};
      }
      case "message_delta": {
        const finish = finishOf(member(member(event, "delta"), "stop_reason"));
        const usage = readUsage(member(event, "usage"), USAGE);
        return { ...(finish === undefined ? {} : { finish }), ...(usage === undefined ? {} : { usage }) };
      }
      case "message_stop":
        return { done: true };
      case "error":
        return { error: readError(event) ?? { message: "the stream failed" } };
      default:
        return {};
    }
  },
  streamsEnd: true,
};

function finishOf(reason: Json | undefined): FinishReason | undefined {
  return typeof reason === "string" ? (FINISH[reason] ?? "other") : undefined;
}
