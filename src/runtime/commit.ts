import type { Clock } from "../base/clock.ts";
import { SequenceConflictError, StorageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { AppendOutcome, ThreadStore } from "../store/store.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import { projectionOf } from "../thread/projection.ts";
import { appendEvents, type Thread, threadOf } from "../thread/thread.ts";

export interface Committed {
  readonly thread: Thread;
  readonly added: readonly ThreadEvent[];
  readonly outcome: AppendOutcome;
}

const MAX_TRIES = 50;

/**
 * Appends what `build` says of the thread as it is now, again from the start whenever another writer was first.
 * What `build` throws is thrown, and nothing is changed.
 */
export async function commit(
  store: ThreadStore,
  clock: Clock,
  threadId: ThreadId,
  build: (thread: Thread) => readonly NewEvent[],
  once?: string,
): Promise<Committed> {
  for (let tries = 1; ; tries++) {
    const before = threadOf(threadId, await store.read(threadId));
    const thread = appendEvents(before, build(before), clock.now());
    const added = thread.events.slice(before.events.length);
    if (added.length === 0) return { thread, added, outcome: { kind: "appended" } };
    try {
      const options = { before: before.state, ...(once === undefined ? {} : { once }) };
      const outcome = await store.append(
        threadId,
        before.state.seq,
        added,
        projectionOf(thread.state),
        options,
      );
      return outcome.kind === "duplicate"
        ? { thread: before, added: [], outcome }
        : { thread, added, outcome };
    } catch (error) {
      if (!(error instanceof SequenceConflictError)) throw error;
      if (tries === MAX_TRIES) {
        throw new StorageError(
          "storage_failed",
          `thread ${threadId}: other writers were first ${tries} times; try again`,
        );
      }
    }
  }
}
