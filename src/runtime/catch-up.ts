import type { ThreadStore } from "../store/store.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { extendThread, type Thread, threadOf } from "../thread/thread.ts";

/**
 * The thread with the events that others have appended since, and those events. The whole thread is read again if they
 * have erased anything, because that changes older events.
 */
export async function catchUp(
  store: ThreadStore,
  thread: Thread,
): Promise<{ readonly thread: Thread; readonly newer: readonly ThreadEvent[] }> {
  const newer = await store.read(thread.id, thread.state.seq);
  if (!newer.some(({ type }) => type === "data_erased"))
    return { thread: extendThread(thread, newer), newer };
  const events = await store.read(thread.id);
  return { thread: threadOf(thread.id, events), newer: events.slice(thread.state.seq) };
}
