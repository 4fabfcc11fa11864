import { hidesContent, shownThread } from "../agent/shown-thread.ts";
import type { ThreadId } from "../base/ids.ts";
import type { AppendOutcome } from "../store/store.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { EMPTY_STATE } from "../thread/fold.ts";
import { projectionOf } from "../thread/projection.ts";
import { isRequestersInput } from "../thread/requesters.ts";
import { type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import { type Change, type CommitOptions, commit } from "./commit.ts";
import { giveUpDamaged } from "./damaged.ts";
import type { Notify } from "./observers.ts";
import { passOn } from "./pass-on.ts";
import { createTurns } from "./turns.ts";

export interface WriterOptions extends CommitOptions {
  readonly notify: Notify;
  /** Makes this process advance a thread that has changed. */
  readonly nudge: (threadId: ThreadId, thread: Thread | ThreadHead) => void;
  /** Aborts what runs here for a thread and does not take this input into account. */
  readonly interruptFor: (threadId: ThreadId, input: number) => void;
}

/** Writes to threads from outside of their workers; observers hear of it. */
export interface Writer {
  /** Makes a change and has the thread advanced. */
  change(wanted: Change): Promise<ThreadHead>;
  /** Writes a thread that is new. Nobody advances it yet. */
  create(thread: Thread, once?: string): Promise<AppendOutcome>;
  /** Gives up a thread that could not be read, if what is stored of it is damaged. Never rejects. */
  giveUp(threadId: ThreadId, error: unknown): Promise<void>;
}

export function createWriter(options: WriterOptions): Writer {
  const { store, agents, notify, nudge, alongside } = options;
  const inTurn = createTurns();
  const changeOnly: Writer["change"] = async (wanted) => {
    const { before, thread, added } = await commit(wanted, { ...options, inTurn });
    if (added.length > 0) notify({ kind: "events", before: before.state, thread, events: added });
    const { agent, lastInput } = thread.state;
    if (agents.get(agent)?.whenBusy === "interrupt" && lastInput > before.state.seq)
      options.interruptFor(wanted.threadId, lastInput);
    try {
      await passOnAdded(before, thread, added);
    } catch (error) {
      // The thread still owes it: whoever takes it up passes it on.
      notify({ kind: "problem", threadId: wanted.threadId, error });
    }
    // Last: to read a long thread takes a while, in which nothing else runs here.
    nudge(wanted.threadId, thread);
    return thread;
  };
  const change: Writer["change"] = async (wanted) => {
    try {
      return await changeOnly(wanted);
    } catch (error) {
      await giveUp(wanted.threadId, error);
      throw error;
    }
  };
  const giveUp: Writer["giveUp"] = (threadId, error) => giveUpDamaged(threadId, error, { store, change });
  const passOnAdded = async (before: ThreadHead, thread: ThreadHead, added: readonly ThreadEvent[]) => {
    if (!added.some(isRequestersInput)) return;
    const { id, state } = thread;
    const agent = agents.get(state.agent);
    const shownAfter = async (seq: number): Promise<readonly ThreadEvent[]> => {
      if (hidesContent(agent))
        return shownThread(threadOf(id, await store.read(id)), agent).events.slice(seq);
      return seq < before.state.lastSent ? store.read(id, seq) : added;
    };
    for (const child of state.children) await passOn(thread, child, { agent, change, shownAfter });
  };
  return {
    change,
    giveUp,
    async create(thread, once) {
      const { id, events, state } = thread;
      const texts = agents.get(state.agent)?.context.forSearch(events, []);
      const options = { projection: projectionOf(state), texts, once, alongside: alongside(thread) };
      const outcome = await store.append(id, 0, events, options);
      if (outcome.kind === "appended") notify({ kind: "events", before: EMPTY_STATE, thread, events });
      return outcome;
    },
  };
}
