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

/** Sends a message: it begins the conversation's thread, or goes to it. Returns the thread, and its events before that. */
export async function sendMessage(
  name: ChatName,
  message: ChatMessage,
  runtime: Runtime,
): Promise<{ readonly threadId: ThreadId; readonly before: number }> {
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
  const before = (await runtime.store.state(threadId)).seq;
  if (message.id !== first)
    await runtime.message(threadId, message.text, principal, `${key}:${sha256(message.id)}`);
  return { threadId, before };
}
