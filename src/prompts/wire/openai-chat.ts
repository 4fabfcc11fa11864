import type { Json } from "../../base/json.ts";
import { type FinishReason, items, member, readError, readUsage, text, type WireFormat } from "./wire.ts";

const FINISH: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  eos: "stop",
  length: "length",
  max_tokens: "length",
  content_filter: "filtered",
};

const USAGE = {
  input: ["prompt_tokens"],
  output: ["completion_tokens"],
  cached: ["prompt_tokens_details.cached_tokens"],
};

/** Chat completions: OpenAI, Azure, OpenRouter, Ollama and every server that calls itself compatible. */
export const openaiChat: WireFormat = {
  name: "openai-chat",
  readReply(body) {
    const choice = items(member(body, "choices"))[0];
    const message = member(choice, "message");
    if (message === undefined) return undefined;
    return {
      text: contentText(member(message, "content")),
      finish: typeof member(message, "refusal") === "string" ? "filtered" : (finishOf(choice) ?? "other"),
      usage: readUsage(member(body, "usage"), USAGE) ?? null,
    };
  },
  readPart(event) {
    const error = readError(event);
    if (error !== undefined) return { error };
    const choice = items(member(event, "choices"))[0];
    const delta = member(choice, "delta");
    const finish = typeof member(delta, "refusal") === "string" ? "filtered" : finishOf(choice);
    const usage = readUsage(member(event, "usage"), USAGE);
    return {
      text: contentText(member(delta, "content")),
      ...(finish === undefined ? {} : { finish }),
      ...(usage === undefined ? {} : { usage }),
    };
  },
  streamsEnd: true,
};

function finishOf(choice: Json | undefined): FinishReason | undefined {
  const reason = member(choice, "finish_reason");
  if (typeof reason !== "string") return undefined;
  const known = FINISH[reason.toLowerCase()];
  // Compatible servers have their own words for it: model_length, max_output_tokens, …
  return known ?? (/length|max|limit|truncat/i.test(reason) ? "length" : "other");
}

// Some servers answer with a list of parts, thoughts among them.
function contentText(content: Json | undefined): string {
  if (typeof content === "string") return content;
  return items(content)
    .filter((part) => member(part, "type") === "text")
    .map((part) => text(member(part, "text")))
    .join("");
}
