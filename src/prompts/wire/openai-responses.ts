import type { Json } from "../../base/json.ts";
import { FILTERED, type Finish, readFinish } from "./finish.ts";
import { items, member, readUsage, text, type WholeBody, type WireFormat } from "./wire.ts";

const USAGE = {
  input: ["input_tokens"],
  output: ["output_tokens"],
  cached: ["input_tokens_details.cached_tokens"],
};

/** OpenAI's Responses API. Leaves reasoning items out of the text. */
export const openaiResponses: WireFormat = {
  name: "openai-responses",
  readBody,
  readPart(event) {
    switch (member(event, "type")) {
      case "response.output_text.delta":
        return { text: text(member(event, "delta")) };
      case "response.refusal.delta":
        return { finish: FILTERED };
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
      case "response.cancelled": {
        const { finish, usage } = readBody(member(event, "response") ?? null) ?? {};
        return { finish, usage: usage ?? undefined, done: true };
      }
      case undefined: {
        const whole = readBody(event);
        return whole === undefined ? {} : { ...whole, usage: whole.usage ?? undefined, isWhole: true };
      }
      default:
        return {};
    }
  },
  errorsIn: (body) => member(body, "response"),
};

function readBody(body: Json): WholeBody | undefined {
  if (member(body, "output") === undefined) return undefined;
  const parts = items(member(body, "output"))
    .filter((item) => member(item, "type") === "message")
    .flatMap((item) => items(member(item, "content")));
  const refused = parts.some((part) => member(part, "type") === "refusal");
  return {
    text: parts
      .map((part) => (member(part, "type") === "output_text" ? text(member(part, "text")) : ""))
      .join(""),
    finish: refused ? FILTERED : finishOf(body),
    usage: readUsage(member(body, "usage"), USAGE) ?? null,
  };
}

function finishOf(body: Json): Finish | undefined {
  const status = member(body, "status");
  const reason = status === "incomplete" ? member(member(body, "incomplete_details"), "reason") : undefined;
  return readFinish(reason ?? undefined) ?? readFinish(status);
}
