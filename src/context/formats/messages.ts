import { UsageError } from "../../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import type { ContextBlock } from "../blocks/block.ts";
import type { EventBlocks } from "../blocks/context-blocks.ts";
import { escapeHarmful } from "./write-yaml.ts";
import { BLOCK_SEPARATOR, parseXml, renderXmlBlock } from "./xml.ts";

/** One chat message, for a BAML prompt that takes `messages: ChatMessage[]` (see `baml_src/context.baml`). */
export interface ChatMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A block, and whether the model itself said it. */
export interface SpokenBlock {
  readonly fromModel: boolean;
  readonly block: ContextBlock;
}

/**
 * A thread as chat messages: the model's own steps are `assistant` messages holding the JSON that it answers with,
 * everything else is `user` messages in the default format. Neighbours of the same role share a message. Nothing
 * that anybody writes gets the role of somebody else; `parseMessages` gives back exactly these blocks.
 */
export function renderMessages(shown: readonly EventBlocks[]): ChatMessage[] {
  const messages: { role: ChatMessage["role"]; parts: string[] }[] = [];
  for (const { fromModel, blocks } of shown) {
    for (const block of blocks) {
      const { role, part } = partOf(block, fromModel);
      const last = messages.at(-1);
      if (last?.role === role) last.parts.push(part);
      else messages.push({ role, parts: [part] });
    }
  }
  return messages.map(({ role, parts }) => ({
    role,
    content: parts.join(role === "assistant" ? "\n" : BLOCK_SEPARATOR),
  }));
}

interface Part {
  readonly role: ChatMessage["role"];
  readonly part: string;
}

// A thread is rendered anew for every call, its blocks only once.
const modelParts = new WeakMap<ContextBlock, Part>();
const otherParts = new WeakMap<ContextBlock, Part>();

function partOf(block: ContextBlock, fromModel: boolean): Part {
  const parts = fromModel ? modelParts : otherParts;
  const known = parts.get(block);
  if (known !== undefined) return known;
  const json = fromModel ? stepJson(block) : undefined;
  const part: Part =
    json === undefined ? { role: "user", part: renderXmlBlock(block) } : { role: "assistant", part: json };
  parts.set(block, part);
  return part;
}

/** The inverse of `renderMessages`. Throws `UsageError` for messages that it cannot have written. */
export function parseMessages(messages: readonly ChatMessage[]): SpokenBlock[] {
  return messages.flatMap(({ role, content }): SpokenBlock[] =>
    role === "assistant"
      ? content.split("\n").map((line) => ({ fromModel: true, block: stepBlock(line) }))
      : parseXml(content).map((block) => ({ fromModel: false, block })),
  );
}

/** The step as the model writes it; `undefined` for a block of another shape, which no model message may hold. */
function stepJson({ tag, body, untrusted }: ContextBlock): string | undefined {
  if (untrusted !== undefined || !isJsonObject(body) || Object.hasOwn(body, "intent")) return undefined;
  return escapeHarmful(JSON.stringify({ intent: tag, ...body }));
}

function stepBlock(line: string): ContextBlock {
  const { intent, ...body } = parseObject(line);
  if (typeof intent === "string") return { tag: intent, body };
  throw new UsageError("invalid_argument", "rendered context: an assistant message is not a step");
}

function parseObject(line: string): JsonObject {
  try {
    const value: Json = JSON.parse(line);
    if (isJsonObject(value)) return value;
  } catch {
    // Falls through: not JSON at all is as wrong as JSON that is no object.
  }
  throw new UsageError("invalid_argument", "rendered context: an assistant message is not JSON");
}
