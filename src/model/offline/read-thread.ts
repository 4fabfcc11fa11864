import { isJsonObject, type Json, type JsonObject, readJson } from "../../base/json.ts";
import type { ChatMessage } from "../chat-protocol.ts";
import { type Block, readBlocks } from "./blocks.ts";
import { readJsonEvents } from "./json-events.ts";
import type { Turn } from "./turns.ts";

/** Names of fields that hold what somebody wrote, the most likely ones first. */
const TEXT_FIELDS = ["text", "message", "feedback", "answer", "content", "body", "question", "data"];
const PERSON =
  /^(?:human|user|person|people|customer|requester|approver)|message|chat|email|slack|sms|answered|response$/;
const RESULT = /(?:^|_)(?:result|output|observation)s?$|^tool_response$/;
const FAILURE = /(?:^|_)(?:error|errors|failed|failure|exception)$|^tool_unknown$/;
const REFUSAL = /^(?:steps?_refused|refused|steps?_dropped|step_judged)$/;
/** Tags that may hold an approver's decision. */
const DECISION = /human|user|person|response|approval|decision|denied|rejected/;
const DENIAL = /denied|rejected|declined/i;
/** `user denied the operation with feedback: "too much"`. */
const TOLD_DENIAL =
  /^(?:the )?(?:user|human|person|approver|operation|request) (?:was |has )?(?:denied|rejected|declined)\b[^:"]*[:"]?\s*"?([\s\S]*)$/i;

/** A prompt, taken apart. */
export interface PromptParts {
  /** The blocks of the thread; empty if the prompt has none. */
  readonly blocks: readonly Block[];
  readonly messages: readonly ChatMessage[];
  /** Everything outside of the blocks, where the schema stands; system messages first. */
  readonly instructions: string;
}

/** Takes a chat request apart. Blocks are read from user messages, or from all messages if those hold none. */
export async function takeApart(messages: readonly ChatMessage[]): Promise<PromptParts> {
  const read = await Promise.all(
    messages.map(async (message) => ({ message, ...(await readEvents(message.text)) })),
  );
  const fromUsers = read.filter(({ message }) => message.role === "user" || message.role === "tool");
  const chosen = fromUsers.some(({ blocks }) => blocks.length > 0) ? fromUsers : read;
  const ordered = [...read].sort((a, b) => rank(a.message) - rank(b.message));
  return {
    blocks: chosen.flatMap((part) => part.blocks),
    messages,
    instructions: ordered.map(({ rest }) => rest).join("\n\n"),
  };
}

async function readEvents(text: string): ReturnType<typeof readBlocks> {
  const read = await readBlocks(text);
  return read.blocks.length > 0 ? read : readJsonEvents(text);
}

/** The thread of a prompt. A prompt without blocks is read as a plain conversation. */
export function readTurns(parts: PromptParts, intents: ReadonlySet<string>): readonly Turn[] {
  if (parts.blocks.length === 0) return readConversation(parts.messages);
  return parts.blocks.map((block) => readTurn(block, intents));
}

/** System messages come first: the schema stands there, or else in the text around the thread. */
function rank(message: ChatMessage): number {
  return message.role === "system" || message.role === "developer" ? 0 : 1;
}

function readTurn(block: Block, intents: ReadonlySet<string>): Turn {
  const { tag } = block;
  const fields = isJsonObject(block.value) ? block.value : {};
  const named = fields["intent"];
  if (typeof named === "string" && (intents.has(named) || /call|step|tool/.test(tag))) {
    return { kind: "step", intent: named, fields };
  }
  if (intents.has(tag)) return { kind: "step", intent: tag, fields };
  if (REFUSAL.test(tag)) return { kind: "refused", text: textOf(block) };
  if (FAILURE.test(tag)) return { kind: "failed", text: textOf(block) };
  const decision = readDecision(block, fields);
  if (decision !== undefined) return decision;
  if (RESULT.test(tag)) return readResult(block, intents);
  if (PERSON.test(tag) || "from" in fields) return { kind: "said", text: textOf(block) };
  return { kind: "event", tag, body: block.value };
}

/** An approver's decision, if the block is one. An approval has no text; a denial may say what to do instead. */
function readDecision(block: Block, fields: JsonObject): Turn | undefined {
  const { tag, value } = block;
  if (tag === "request_expired") return { kind: "denied", text: "" };
  if (!DECISION.test(tag)) return undefined;
  const verdict = fields["decision"] ?? fields["approved"] ?? fields["kind"] ?? fields["status"];
  if (verdict === true || (typeof verdict === "string" && verdict.startsWith("approved"))) {
    return { kind: "event", tag, body: value };
  }
  const denied = verdict === false || "denied" in fields || DENIAL.test(`${tag} ${verdict ?? ""}`);
  if (denied)
    return { kind: "denied", text: asText(fields["feedback"] ?? fields["reason"] ?? fields["comment"]) };
  if (typeof value !== "string" || tag.startsWith("message")) return undefined;
  const told = TOLD_DENIAL.exec(value);
  return told === null ? undefined : { kind: "denied", text: (told[1] ?? "").replace(/"$/, "") };
}

function readResult(block: Block, intents: ReadonlySet<string>): Turn {
  const intent = block.tag.replace(/_(?:result|output|observation)s?$/, "");
  const fields = isJsonObject(block.value) ? block.value : undefined;
  if (fields !== undefined && "error" in fields) return { kind: "failed", text: asText(fields["error"]) };
  return {
    kind: "result",
    intent: intents.has(intent) ? intent : null,
    value: fields?.["result"] ?? fields?.["value"] ?? block.value,
  };
}

/** What a block says: its text field if it has one, else all of it. */
function textOf(block: Block): string {
  if (!isJsonObject(block.value)) return asText(block.value);
  const fields = block.value;
  const field = TEXT_FIELDS.find((name) => name in fields);
  if (field !== undefined) return asText(fields[field]);
  return "decision" in fields || "approved" in fields ? "" : block.text;
}

function asText(value: Json | undefined): string {
  if (isJsonObject(value) && typeof value["message"] === "string") return value["message"];
  return typeof value === "string"
    ? value
    : value === null || value === undefined
      ? ""
      : JSON.stringify(value);
}

/** A prompt whose thread is the chat itself. */
function readConversation(messages: readonly ChatMessage[]): Turn[] {
  return messages.flatMap((message): Turn[] => {
    const text = message.text.trim();
    if (message.role === "user") return [{ kind: "said", text }];
    if (message.role === "tool") return [{ kind: "result", intent: null, value: readJson(text) ?? text }];
    const step = message.role === "assistant" ? readJson(/\{[\s\S]*\}/.exec(text)?.[0] ?? "") : undefined;
    const intent = isJsonObject(step) ? step["intent"] : undefined;
    return isJsonObject(step) && typeof intent === "string" ? [{ kind: "step", intent, fields: step }] : [];
  });
}
