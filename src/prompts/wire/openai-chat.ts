import type { Json } from "../../base/json.ts";
import { FILTERED, type Finish, readFinish } from "./finish.ts";
import { items, member, readUsage, text, type WireFormat } from "./wire.ts";

const USAGE = {
  input: ["prompt_tokens"],
  output: ["completion_tokens"],
  cached: ["prompt_tokens_details.cached_tokens"],
};

/** Chat completions: OpenAI, Azure, OpenRouter, Ollama and every server that calls itself compatible. */
export const openaiChat: WireFormat = {
  name: "openai-chat",
  readBody(body) {
    const choice = choiceIn(body);
    const message = member(choice, "message");
    if (message === undefined) return undefined;
    return {
      text: contentText(member(message, "content")),
      finish: finishOf(choice, message),
      usage: readUsage(member(body, "usage"), USAGE) ?? null,
    };
  },
  readPart(event) {
    const choice = choiceIn(event);
    const delta = member(choice, "delta") ?? undefined;
    // Some servers put the whole answer into one event; some repeat it at the end.
    const message = delta === undefined ? member(choice, "message") : undefined;
    const content = member(message ?? delta, "content");
    return {
      text: contentText(content),
      isWhole: message !== undefined && (typeof content === "string" || Array.isArray(content)),
      finish: finishOf(choice, message ?? delta),
      usage: readUsage(member(event, "usage"), USAGE),
    };
  },
  errorsIn: choiceIn,
};

function choiceIn(body: Json): Json | undefined {
  return items(member(body, "choices"))[0];
}

function finishOf(choice: Json | undefined, message: Json | undefined): Finish | undefined {
  const refusal = member(message, "refusal");
  return typeof refusal === "string" && refusal !== ""
    ? FILTERED
    : readFinish(member(choice, "finish_reason"));
}

// Some servers answer with a list of parts, including thoughts.
function contentText(content: Json | undefined): string {
  if (typeof content === "string") return content;
  return items(content)
    .filter((part) => member(part, "type") === "text")
    .map((part) => text(member(part, "text")))
    .join("");
}
