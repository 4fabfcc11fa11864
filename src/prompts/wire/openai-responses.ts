import type { Json } from "../../base/json.ts";
import {
  type FinishReason,
  items,
  type ModelReply,
  member,
  readError,
  readUsage,
  text,
  type WireFormat,
} from "./wire.ts";

const USAGE = {
  input: ["input_tokens"],
  output: ["output_tokens"],
  cached: ["input_tokens_details.cached_tokens"],
};

/** OpenAI's Responses API. Reasoning items are left out of the text. */
export const openaiResponses: WireFormat = {
  name: "openai-responses",
  readReply,
  readPart(event) {
    switch (member(event, "type")) {
      case "response.output_text.delta":
        return { text: text(member(event, "delta")) };
      case "response.refusal.delta":
        return { finish: "filtered" };
      case "response.completed":
      case "response.incomplete": {
        const reply = readReply(member(event, "response") ?? null);
        if (reply === undefined) return {};
        return { finish: reply.finish, done: true, ...(reply.usage === null ? {} : { usage: reply.usage }) };
      }
      case "response.failed":
        return { error: readError(member(event, "response")) ?? { message: "the response failed" } };
      case "error":
        return { error: readError(event) ?? { message: "the response failed" } };
      default:
        return {};
    }
  },
  streamsEnd: true,
};

function readReply(body: Json): ModelReply | undefined {
  if (member(body, "output") === undefined) return undefined;
  const parts = items(member(body, "output"))
    .filter((item) => member(item, "type") === "message")
    .flatMap((item) => items(member(item, "content")));
  const refused = parts.some((part) => member(part, "type") === "refusal");
  return {
    text: parts
      .map((part) => (member(part, "type") === "output_text" ? text(member(part, "text")) : ""))
      .join(""),
    finish: refused ? "filtered" : finishOf(body),
    usage: readUsage(member(body, "usage"), USAGE) ?? null,
  };
}

function finishOf(body: Json): FinishReason {
  if (member(body, "status") === "completed") return "stop";
  const reason = member(member(body, "incomplete_details"), "reason");
  return reason === "max_output_tokens" ? "length" : reason === "content_filter" ? "filtered" : "other";
}
