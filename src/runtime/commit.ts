import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import type { Clock } from "../base/clock.ts";
import { SequenceConflictError, StorageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { AppendOutcome, ThreadStore } from "../store/store.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import { projectionOf } from "../thread/projection.ts";
import { type Thread, threadOf } from "../thread/thread.ts";

export interface Committed {
  readonly thread: Thread;
  readonly added: readonly ThreadEvent[];
  readonly outcome: AppendOutcome;
}

/** A change of one thread. */
export interface Change {
  readonly threadId: ThreadId;
  /** The events that make the change, given the thread as it is. What it throws is thrown, and nothing is changed. */
  readonly build: (thread: Thread) => readonly NewEvent[];
  /** An idempotency key: the same change a second time does nothing. */
  readonly once?: string | undefined;
}

const MAX_TRIES = 50;

/** Makes a change, again from the start whenever another writer was first. */
export async function commit(
  { threadId, build, once }: Change,
  {
    store,
    clock,
    agents,
  }: { readonly store: ThreadStore; readonly clock: Clock; readonly agents: ReadonlyMap<string, Agent> },
): Promise<Committed> {
  for (let tries = 1; ; tries++) {
    const before = threadOf(threadId, await store.read(threadId));
    const agent = agents.get(before.state.agent);
    const thread = appendToThread(before, build(before), { agent, now: clock.now() });
    const added = thread.events.slice(before.events.length);
    if (added.length === 0) return { thread, added, outcome: { kind: "appended" } };
    try {
      const outcome = await store.append(threadId, before.state.seq, added, {
        projection: projectionOf(thread.state),
        before: before.state,
        once,
      });
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
