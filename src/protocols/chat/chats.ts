import { z } from "zod";
import { sha256 } from "../../base/digest.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import { principalKey } from "../../humans/principal.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ProtocolCaller } from "../protocol.ts";

/** A conversation as a client names it. The name is the caller's own: the same one of somebody else is another conversation. */
export interface ChatName {
  readonly protocol: string;
  readonly agent: string;
  readonly id: string;
  readonly caller: ProtocolCaller;
}

/** A message as the client names it: sent again, it counts once. */
export interface ChatMessage {
  readonly id: string;
  readonly text: string;
}

const stored = z.object({ threadId: z.string(), first: z.string() });

/** The key of a conversation, for what is kept about it. */
export function chatKey({ protocol, agent, id, caller }: ChatName): string {
  return `chat:${sha256(JSON.stringify([protocol, agent, principalKey(caller.principal), id]))}`;
}

/** The thread of a conversation, and the message that began it; `undefined` if it has not begun. */
export async function findChat(
  name: ChatName,
  { store }: Runtime,
): Promise<{ readonly threadId: ThreadId; readonly first: string } | undefined> {
  const value = await store.getValue(chatKey(name));
  if (value === undefined) return undefined;
  const { threadId, first } = stored.parse(JSON.parse(value));
  const parsed = parseThreadId(threadId);
  return parsed === undefined ? undefined : { threadId: parsed, first };
}

/** Where the conversation stood when a message came. */
export interface Sent {
  readonly threadId: ThreadId;
  /** The number of the last event before it; sent again, it is the one of the first time. */
  readonly before: number;
}

/** What became of a message that was sent before; `undefined` for a new one. */
export async function findMessage(
  name: ChatName,
  { id }: ChatMessage,
  runtime: Runtime,
): Promise<Sent | undefined> {
  const known = await findChat(name, runtime);
  const before = await runtime.store.getValue(messageKey(name, id));
  return known === undefined || before === undefined
    ? undefined
    : { threadId: known.threadId, before: Number(before) };
}

/** Remembers a message, so that it counts once. */
export async function keepMessage(
  name: ChatName,
  { id }: ChatMessage,
  sent: Sent,
  runtime: Runtime,
): Promise<void> {
  const { threadId: about, before } = sent;
  await runtime.store.setValue(messageKey(name, id), String(before), undefined, { about });
}

function messageKey(name: ChatName, id: string): string {
  return `${chatKey(name)}:message:${sha256(id)}`;
}

/** Sends a message: it begins the conversation's thread, or goes to it. One that was sent before is not sent again. */
export async function sendMessage(name: ChatName, message: ChatMessage, runtime: Runtime): Promise<Sent> {
  const earlier = await findMessage(name, message, runtime);
  if (earlier !== undefined) return earlier;
  const sent = await sendOnce(name, message, runtime);
  await keepMessage(name, message, sent, runtime);
  return sent;
}

async function sendOnce(name: ChatName, message: ChatMessage, runtime: Runtime): Promise<Sent> {
  const { principal } = name.caller;
  const key = chatKey(name);
  const known = await findChat(name, runtime);
  if (known === undefined) {
    const input = { message: message.text, from: principal };
    const { threadId } = await runtime.launch({ agent: name.agent, input, once: key });
    const value = JSON.stringify({ threadId, first: message.id });
    await runtime.store.setValue(key, value, undefined, { about: threadId });
    return { threadId, before: 0 };
  }
  const { threadId, first } = known;
  if (message.id === first) return { threadId, before: 0 };
  const before = (await runtime.store.state(threadId)).seq;
  await runtime.message(threadId, message.text, principal, `${key}:${sha256(message.id)}`);
  return { threadId, before };
}
