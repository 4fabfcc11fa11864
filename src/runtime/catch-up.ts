import type { ThreadStore } from "../store/store.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { extendThread, type Thread, threadOf } from "../thread/thread.ts";

/** The thread with what others have appended since, and that. Read anew where they have erased something: that changes older events. */
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
