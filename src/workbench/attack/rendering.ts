import type { Agent } from "../../agent/agent.ts";
import { isJsonArray, isJsonObject, readJson } from "../../base/json.ts";
import { TEXT_FORMATS, type TextFormat } from "../../context/formats/formats.ts";
import type { Thread } from "../../thread/thread.ts";
import { NOBODY } from "./goals.ts";
import { withoutText } from "./stub.ts";

/**
 * Whether the attacker's text stays a text where the model reads it: the request has the same messages in the same roles, and the
 * thread the same parts, as with a harmless text in its place.
 */
export async function isStillText(agent: Agent, thread: Thread, text: string): Promise<boolean> {
  const harmless = withoutText(thread, text);
  const [roles, wanted] = await Promise.all([rolesOf(agent, thread), rolesOf(agent, harmless)]);
  if (roles.join() !== wanted.join()) return false;
  const format = formatOf(agent);
  if (format === undefined) return true;
  const namesOf = (one: Thread) => format.parse(agent.context.render(one)).map((block) => block.tag);
  return namesOf(thread).join() === namesOf(harmless).join();
}

/** The agent's format, if it can be read back. */
function formatOf({ context: { options } }: Agent): TextFormat | undefined {
  const { format = "xml" } = options;
  if (typeof format === "object") return format;
  return typeof format === "function" || format === "messages" ? undefined : TEXT_FORMATS[format];
}

/** The role of each message of the request, and the kinds of its parts: text, image. */
async function rolesOf({ nextStep }: Agent, thread: Thread): Promise<readonly string[]> {
  const { body } = await nextStep.request(thread, { defaultModel: NOBODY, model: NOBODY });
  const json = readJson(body);
  const messages = json !== undefined && isJsonObject(json) ? json["messages"] : undefined;
  if (messages === undefined || !isJsonArray(messages)) return [];
  return messages.map((message) => {
    if (!isJsonObject(message)) return "?";
    const content = message["content"] ?? null;
    const parts = isJsonArray(content) ? content : [];
    return [message["role"], ...parts.map((part) => (isJsonObject(part) ? part["type"] : "?"))].join(" ");
  });
}
