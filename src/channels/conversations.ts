import { z } from "zod";
import { sha256 } from "../base/digest.ts";
import { parseThreadId, type ThreadId } from "../base/ids.ts";
import type { ChannelValues } from "../humans/channel.ts";

/** A place without threads of replies: what is written there belongs to one conversation for some time. */
export interface LastingPlace {
  /** Where it is noted down which conversation that is. */
  readonly key: string;
  /** The conversation that this delivery begins, if it begins one. */
  readonly own: ThreadId;
  readonly now: number;
  /** How long, in ms, a conversation lasts after what was written last. */
  readonly lastsMs: number;
}

const pointer = z.object({ threadId: z.string(), at: z.number() });
const MAX_TRIES = 20;

/** The thread that is noted down for a place, however old; `undefined`: none. */
export async function latestConversation(values: ChannelValues, key: string): Promise<ThreadId | undefined> {
  const noted = pointer.safeParse(JSON.parse((await values.getValue(key)) ?? "null"));
  return noted.success ? parseThreadId(noted.data.threadId) : undefined;
}

/** The thread that a delivery belongs to: noted down before it begins, so that two deliveries at once begin one. */
export async function conversationOf(
  values: ChannelValues,
  { key, own, now, lastsMs }: LastingPlace,
): Promise<ThreadId> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const noted = await values.getValue(key);
    const known = pointer.safeParse(JSON.parse(noted ?? "null"));
    const isOpen = known.success && (known.data.at > now - lastsMs || known.data.threadId === own);
    const threadId = isOpen ? parseThreadId(known.data.threadId) : own;
    if (threadId === undefined) throw new Error(`what is noted down under ${key} is no conversation`);
    const next = JSON.stringify({ threadId, at: now });
    if (await values.setValue(key, next, noted, { about: threadId })) return threadId;
  }
  throw new Error("the conversation could not be noted down");
}

/** A thread's id that follows from these names: the same whoever computes it. */
export function threadIdFrom(...names: readonly string[]): ThreadId {
  const id = parseThreadId(`thr_${sha256(JSON.stringify(names)).slice(0, 24)}`);
  if (id === undefined) throw new Error("not a thread's id");
  return id;
}
