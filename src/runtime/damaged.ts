import { TwelvefoldError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";
import type { NewEvent } from "../thread/events.ts";
import { isOver } from "../thread/projection.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Change } from "./commit.ts";
import { endBySystem, endedBy } from "./end-above.ts";

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
  readonly store: Pick<ThreadStore, "verify" | "summary" | "list">;
  /** Gives up whatever it finds damaged, too. */
  readonly change: (wanted: Change) => Promise<unknown>;
  /** Gives up nothing. */
  readonly changeOnly: (wanted: Change) => Promise<unknown>;
}

/**
 * Tells the thread that a damaged one works for that nothing comes of it: otherwise it would wait for ever. Those that work for
 * the damaged one end: nobody would get what they do. Never rejects.
 */
export async function giveUpDamaged(
  threadId: ThreadId,
  error: unknown,
  options: DamageOptions,
): Promise<void> {
  const { store, change } = options;
  try {
    const damage = await damageIn(threadId, error, store);
    if (damage === undefined) return;
    await endBelow(threadId, options);
    const parentId = (await store.summary(threadId))?.parentThreadId;
    if (parentId != null)
      await change({ threadId: parentId, build: (parent) => failureOf(parent, threadId, damage) });
  } catch {
    // Whoever comes upon the thread next tries again.
  }
}

/** How many threads below a damaged one are ended at once; any other ends when somebody takes it up. */
const MAX_BELOW = 1_000;

async function endBelow(threadId: ThreadId, { store, changeOnly }: DamageOptions): Promise<void> {
  const { threads } = await store.list({ parentThreadId: threadId, limit: MAX_BELOW });
  const end = endedBy(endBySystem(threadId, "is damaged"));
  for (const child of threads.filter(({ status }) => status !== "cancelled" && status !== "failed")) {
    const build: Change["build"] = ({ state }) => (isOver(state) || state.parentTold ? [] : [end]);
    // One that cannot be ended now ends when somebody takes it up.
    await changeOnly({ threadId: child.threadId, build }).catch(() => {});
  }
}

function failureOf({ state }: ThreadHead, threadId: ThreadId, damage: string): readonly NewEvent[] {
  const open = state.children.find((child) => child.threadId === threadId);
  if (open === undefined) return [];
  const { callId, agent, background } = open;
  const data = { callId, threadId, agent, error: { name: "Damaged", message: damage } };
  return [{ type: "child_failed", data: background ? { ...data, background } : data }];
}
