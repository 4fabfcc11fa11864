import { TwelvefoldError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";
import type { NewEvent } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Change } from "./commit.ts";

/**
 * In words, what keeps every process from reading a thread; `undefined` for any other error, also where its events are whole
 * and only this release does not know them.
 */
export async function damageIn(
  threadId: ThreadId,
  error: unknown,
  store: Pick<ThreadStore, "verify">,
): Promise<string | undefined> {
  if (!isCorrupt(error)) return undefined;
  try {
    if ((await store.verify(threadId)).ok) return undefined;
  } catch (problem) {
    if (!isCorrupt(problem)) return undefined;
  }
  const { seq } = error.details;
  const where = typeof seq === "number" ? ` at event ${seq}` : "";
  return `what is stored of thread ${threadId} is damaged${where}: nothing more comes of it, and part of its work may be done`;
}

export function isCorrupt(error: unknown): error is TwelvefoldError {
  return TwelvefoldError.isInstance(error) && error.code === "storage_corrupt";
}

export interface DamageOptions {
  readonly store: Pick<ThreadStore, "verify" | "summary">;
  readonly change: (wanted: Change) => Promise<unknown>;
}

/** Tells the thread that a damaged one works for that nothing comes of it: otherwise it would wait for ever. Never rejects. */
export async function giveUpDamaged(
  threadId: ThreadId,
  error: unknown,
  { store, change }: DamageOptions,
): Promise<void> {
  try {
    const damage = await damageIn(threadId, error, store);
    const parentId = damage === undefined ? undefined : (await store.summary(threadId))?.parentThreadId;
    if (damage === undefined || parentId == null) return;
    await change({ threadId: parentId, build: (parent) => failureOf(parent, threadId, damage) });
  } catch {
    // Whoever comes upon the thread next tries again.
  }
}

function failureOf({ state }: ThreadHead, threadId: ThreadId, damage: string): readonly NewEvent[] {
  const open = state.children.find((child) => child.threadId === threadId);
  if (open === undefined) return [];
  const { callId, agent, background } = open;
  const data = { callId, threadId, agent, error: { name: "Damaged", message: damage } };
  return [{ type: "child_failed", data: background ? { ...data, background } : data }];
}
