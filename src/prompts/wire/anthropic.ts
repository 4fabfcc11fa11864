import type { Json } from "../../base/json.ts";
import { readFinish } from "./finish.ts";
import { items, member, readUsage, text, type WholeBody, type WireFormat } from "./wire.ts";

// Anthropic counts cached tokens apart from the input; everywhere else they are part of it.
const USAGE = {
  input: ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
  output: ["output_tokens"],
  cached: ["cache_read_input_tokens"],
};

/** Anthropic's Messages API. Leaves thinking blocks out of the text. */
export const anthropic: WireFormat = {
  name: "anthropic",
  readBody,
  readPart(event) {
    switch (member(event, "type")) {
      case "message_start":
        return { usage: readUsage(member(member(event, "message"), "usage"), USAGE) };
      case "content_block_delta": {
        const delta = member(event, "delta");
        return member(delta, "type") === "text_delta" ? { text: text(member(delta, "text")) } : {};
      }
      case "message_delta":
        return {
          finish: readFinish(member(member(event, "delta"), "stop_reason")),
          usage: readUsage(member(event, "usage"), USAGE),
        };
      case "message_stop":
        return { done: true };
      case "message": {
        const whole = readBody(event);
        return { ...whole, usage: whole?.usage ?? undefined, isWhole: true };
      }
      default:
        return {};
    }
  },
};

function readBody(body: Json): WholeBody | undefined {
  if (member(body, "type") !== "message") return undefined;
  const blocks = items(member(body, "content")).filter((block) => member(block, "type") === "text");
  return {
    text: blocks.map((block) => text(member(block, "text"))).join(""),
    finish: readFinish(member(body, "stop_reason")),
    usage: readUsage(member(body, "usage"), USAGE) ?? null,
  };
}
