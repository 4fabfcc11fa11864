import type { Agent } from "../agent/agent.ts";
import { eventsFor } from "../agent/to-store.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { SequenceConflictError, StorageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { AppendOptions, AppendOutcome, ThreadStore } from "../store/store.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import { projectionOf } from "../thread/projection.ts";
import type { ThreadState } from "../thread/state.ts";
import { type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import { withLapse } from "./newer-input.ts";
import type { InTurn } from "./turns.ts";

export interface Committed {
  readonly before: ThreadHead;
  /** With its events where the agent hides anything. */
  readonly thread: ThreadHead | Thread;
  readonly added: readonly ThreadEvent[];
  readonly outcome: AppendOutcome;
}

/** A change to one thread. */
export interface Change {
  readonly threadId: ThreadId;
  /**
   * Returns the events that make the change. Called once for each try, with the thread's current head. What it throws is
   * thrown on, and nothing is changed. `readWhole` reads the thread with its events, for what the state does not tell; the
   * longer the thread, the longer this takes.
   */
  readonly build: (
    thread: ThreadHead,
    readWhole: () => Promise<Thread>,
  ) => readonly NewEvent[] | Promise<readonly NewEvent[]>;
  /** An idempotency key: the same change a second time does nothing. */
  readonly once?: string | undefined;
}

export interface CommitOptions {
  readonly store: ThreadStore;
  readonly clock: Clock;
  readonly agents: ReadonlyMap<string, Agent>;
  /** What is written in the transaction of a change that leaves a thread like this. */
  readonly alongside: (thread: ThreadHead) => AppendOptions["alongside"];
}

const MAX_TRIES = 200;
/** After so many tries, one after the other without a wait, others are given way. */
const TRIES_AT_ONCE = 5;
const MAX_WAIT_MS = 50;

/**
 * Makes a change, starting over whenever another writer was first. Changes of this process to the same thread come one after the
 * other, so that only other processes, and the thread's own worker, can be in the way.
 */
export function commit(
  change: Change,
  options: CommitOptions & { readonly inTurn: InTurn },
): Promise<Committed> {
  return options.inTurn(change.threadId, () => commitAlone(change, options));
}

async function commitAlone(change: Change, options: CommitOptions): Promise<Committed> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryOnce(change, options);
    } catch (error) {
      if (!(error instanceof SequenceConflictError)) throw error;
      if (tries === MAX_TRIES) {
        throw new StorageError(
          "storage_failed",
          `thread ${change.threadId}: other writers were first ${tries} times; try again`,
        );
      }
      if (tries > TRIES_AT_ONCE) await systemClock.sleep(Math.random() * MAX_WAIT_MS);
    }
  }
}

async function tryOnce(
  { threadId, build, once }: Change,
  { store, clock, agents, alongside }: CommitOptions,
): Promise<Committed> {
  let before: ThreadHead | Thread = { id: threadId, state: await store.state(threadId) };
  const readWhole = async () => {
    const thread = threadOf(threadId, await store.read(threadId));
    before = thread;
    return thread;
  };
  const agent = agents.get(before.state.agent);
  const { keepsOutOfStore = false, options } = agent?.context ?? {};
  // What is secret in one event may come up again in another.
  if (keepsOutOfStore || options?.redact !== undefined) await readWhole();
  const made = withLapse(before, await build(before, readWhole));
  const { events: added, state } = eventsFor(before, made, { agent, now: clock.now() });
  const thread = headAfter(before, added, state);
  if (added.length === 0) return { before, thread, added, outcome: { kind: "appended" } };
  const outcome = await store.append(threadId, before.state.seq, added, {
    projection: projectionOf(state),
    texts: agent?.context.forSearch(added, eventsOf(before)),
    before: before.state,
    once,
    alongside: alongside(thread),
  });
  return outcome.kind === "duplicate"
    ? { before, thread: before, added: [], outcome }
    : { before, thread, added, outcome };
}

function headAfter(
  before: ThreadHead | Thread,
  added: readonly ThreadEvent[],
  state: ThreadState,
): ThreadHead | Thread {
  const { id } = before;
  return "events" in before ? { id, state, events: [...before.events, ...added] } : { id, state };
}

function eventsOf(thread: ThreadHead | Thread): readonly ThreadEvent[] {
  return "events" in thread ? thread.events : [];
}
