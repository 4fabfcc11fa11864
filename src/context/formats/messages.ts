import { UsageError } from "../../base/errors.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../base/json.ts";
import type { ContextBlock } from "../blocks/block.ts";
import type { EventBlocks } from "../blocks/context-blocks.ts";
import { escapeHarmful } from "./write-yaml.ts";
import { BLOCK_SEPARATOR, parseXml, renderXmlBlock } from "./xml.ts";

/** One chat message, for a BAML prompt that takes `messages: ChatMessage[]` (see `baml_src/context.baml`). */
export interface ChatMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** A block, and whether it is the model's own. */
export interface SpokenBlock {
  readonly fromModel: boolean;
  readonly block: ContextBlock;
}

/**
 * A thread as chat messages: the model's own steps are `assistant` messages that hold the JSON it answers with;
 * everything else is `user` messages in the default format. Neighbours of the same role share a message. Nobody's words
 * can take somebody else's role: `parseMessages` returns exactly these blocks.
 */
export function renderMessages(shown: readonly EventBlocks[]): ChatMessage[] {
  const writer = createMessageWriter();
  for (const entry of shown) writer.add(entry);
  return writer.messages();
}

/** Writes the messages of a growing thread. */
export interface MessageWriter {
  add(entry: EventBlocks): void;
  /** The messages of everything that was added so far. */
  messages(): ChatMessage[];
}

export function createMessageWriter(): MessageWriter {
  const done: ChatMessage[] = [];
  let last: ChatMessage | undefined;
  const addBlock = (block: ContextBlock, fromModel: boolean) => {
    const json = fromModel ? stepJson(block) : undefined;
    const role = json === undefined ? "user" : "assistant";
    const content = json ?? renderXmlBlock(block);
    if (last?.role === role) {
      last = { role, content: last.content + (role === "assistant" ? "\n" : BLOCK_SEPARATOR) + content };
      return;
    }
    if (last !== undefined) done.push(last);
    last = { role, content };
  };
  return {
    add({ blocks, fromModel }) {
      for (const block of blocks) addBlock(block, fromModel);
    },
    messages: () => (last === undefined ? [] : [...done, last]),
  };
}

/**
 * The inverse of `renderMessages`. Throws `UsageError` (`invalid_argument`) for messages that it cannot have written.
 */
export function parseMessages(messages: readonly ChatMessage[]): SpokenBlock[] {
  return messages.flatMap(({ role, content }): SpokenBlock[] =>
    role === "assistant"
      ? content.split("\n").map((line) => ({ fromModel: true, block: stepBlock(line) }))
      : parseXml(content).map((block) => ({ fromModel: false, block })),
  );
}

/** The step as the model would write it; `undefined` for any other block, which must not become the model's message. */
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
    const value = parseJson(line);
    if (isJsonObject(value)) return value;
  } catch {
    // Falls through: not JSON at all is as wrong as JSON that is no object.
  }
  throw new UsageError("invalid_argument", "rendered context: an assistant message is not JSON");
}
