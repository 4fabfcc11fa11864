import type { ThreadId } from "../base/ids.ts";
import { type Journal, write } from "../loop/journal.ts";
import type { ThreadStore, ThreadSummary } from "../store/store.ts";
import { isOver } from "../thread/projection.ts";
import type { ThreadState } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import { isCorrupt } from "./damaged.ts";
import { type EndAbove, endBySystem, endedBy, endOf, refuseUnread } from "./end-above.ts";

/*
 * A thread that works for others does nothing any more once one of those above it is over, whoever has yet to tell it so: no
 * answer to what it asks is taken, and what it was about to do is not done. It ends like them.
 */

type Reading = Pick<ThreadStore, "summary" | "summaries" | "state">;

/** What the threads above one mean for it. */
export interface Above {
  /** What has ended its work; `undefined` if it may go on. */
  readonly end: EndAbove | undefined;
  /** One above that requesters have sent something that the one below it has yet to hear. */
  readonly unheard: ThreadId | undefined;
}

/**
 * Looks at all threads above one, its parent first. Throws what keeps one of them from being read, and ends nothing because of it:
 * it may be read again in a moment, or once its storage is mended.
 */
export async function lookAbove(thread: ThreadHead, store: Reading): Promise<Above> {
  let unheard: ThreadId | undefined;
  let below = thread;
  // One that is over and has handed in its outcome works for nobody any more.
  while (below.state.parent !== null && !below.state.parentTold) {
    const { threadId, callId } = below.state.parent;
    if ((await store.summary(threadId)) === undefined)
      return { end: endBySystem(threadId, "was deleted"), unheard };
    const above = { id: threadId, state: await stateOf(threadId, store) };
    const end = endOf(above);
    if (end !== undefined) return { end, unheard };
    const link = above.state.children.find((child) => child.threadId === below.id);
    // It has handed in its outcome, though that is not on record here yet. Release 0.1.0 began a child before it was on record: its
    // call is still open.
    if (link === undefined && above.state.calls.every((call) => call.callId !== callId)) break;
    if (link !== undefined && Math.max(link.heard, below.state.heard) < above.state.lastSent)
      unheard ??= threadId;
    below = above;
  }
  return { end: undefined, unheard };
}

async function stateOf(threadId: ThreadId, store: Reading): Promise<ThreadState> {
  try {
    return await store.state(threadId);
  } catch (error) {
    throw isCorrupt(error) ? refuseUnread(threadId, error) : error;
  }
}

/**
 * What a worker calls before each step: ends the thread if one above is over. All above are looked at closely once, and later only
 * where lists give a reason.
 */
export function watchAbove(journal: Journal, store: Reading): () => Promise<void> {
  let isNew = true;
  return async () => {
    if (isOver(journal.thread.state) || !(isNew || (await mayBeOver(journal.thread, store)))) return;
    const { end } = await lookAbove(journal.thread, store);
    if (end !== undefined) await journal.append(write(endedBy(end)));
    isNew = false;
  };
}

/** Whether one above may be over, as lists know it: a reason to look closer. */
async function mayBeOver({ state }: ThreadHead, store: Pick<Reading, "summaries">): Promise<boolean> {
  if (state.parent === null || state.parentTold) return false;
  const { threadId, path } = state.parent;
  const ids = [...new Set([threadId, ...path.map((above) => above.threadId)])];
  const summaries = await store.summaries(ids);
  return summaries.length < ids.length || summaries.some(hasEnded);
}

/** Of threads that ask something, those of which nothing has ended the work, as far as lists know those above. */
export async function withoutEnded(
  threads: readonly ThreadSummary[],
  store: Reading,
): Promise<readonly ThreadSummary[]> {
  const known = new Map<ThreadId, ThreadSummary>();
  const parentsOf = (below: readonly ThreadSummary[]) =>
    [...new Set(below.flatMap(({ parentThreadId }) => parentThreadId ?? []))].filter((id) => !known.has(id));
  for (let ids = parentsOf(threads); ids.length > 0; ) {
    const found = await store.summaries(ids);
    for (const summary of found) known.set(summary.threadId, summary);
    ids = parentsOf(found);
  }
  const isSuspect = ({ parentThreadId }: ThreadSummary): boolean => {
    if (parentThreadId === null) return false;
    const parent = known.get(parentThreadId);
    return parent === undefined || hasEnded(parent) || isSuspect(parent);
  };
  const ended = threads.filter(isSuspect).map(async ({ threadId: id }) => {
    try {
      return (await lookAbove({ id, state: await store.state(id) }, store)).end === undefined ? [] : [id];
    } catch {
      // Whoever looks at it is told.
      return [];
    }
  });
  const left = new Set((await Promise.all(ended)).flat());
  return threads.filter(({ threadId }) => !left.has(threadId));
}

function hasEnded({ status }: ThreadSummary): boolean {
  return status === "cancelled" || status === "failed";
}
