import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../base/clock.ts";
import { SequenceConflictError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Channel } from "../humans/channel.ts";
import type { People } from "../humans/people.ts";
import type { StillAllowed } from "../humans/still-allowed.ts";
import { advance } from "../loop/advance.ts";
import type { EffectContext } from "../loop/effect.ts";
import { write } from "../loop/journal.ts";
import type { Admit, ModelChoice } from "../prompts/types.ts";
import type { NewJobToken } from "../steps/start-job.ts";
import type { ThreadStore } from "../store/store.ts";
import { hasWork } from "../thread/projection.ts";
import { type Thread, type ThreadHead, threadOf } from "../thread/thread.ts";
import { watchAbove } from "./above.ts";
import { catchUp } from "./catch-up.ts";
import { isCorrupt } from "./damaged.ts";
import { delegationFor, endChildren, type FamilyOptions, settleFamily } from "./family.ts";
import { keptResults } from "./kept-results.ts";
import type { Notify } from "./observers.ts";
import { passOnOwed } from "./pass-on.ts";
import { type OnAppended, StoreJournal } from "./store-journal.ts";
import { tellNews } from "./tell-news.ts";
import { isNewsOwed, tellPeople } from "./tell-people.ts";
import { createUpdates, type Updates } from "./tell-updates.ts";
import { dueEvents } from "./wake.ts";

export interface WorkerOptions {
  readonly store: ThreadStore;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly clock: Clock;
  /** Names this process in claims; unique. */
  readonly owner: string;
  /** How long a claim lasts without a heartbeat, in ms. */
  readonly claimMs: number;
  readonly channels: readonly Channel[];
  readonly model: ModelChoice | undefined;
  /** Lets the model calls of a thread begin; `undefined` where they begin at once. */
  readonly admitFor: (threadId: ThreadId, agent: string) => Admit | undefined;
  /** Whether the model's next answer is streamed and its partials are shown to observers. Called before each model call. */
  readonly stream: () => boolean;
  readonly observe: Notify;
  readonly jobToken: NewJobToken;
  readonly family: FamilyOptions;
  readonly people: People;
  readonly stillAllowed: StillAllowed | undefined;
}

export interface WorkSignals {
  /** Aborted when the thread is cancelled or the process wants to stop. */
  readonly signal: AbortSignal;
  /** Aborted when the thread is cancelled. */
  readonly toolSignal: AbortSignal;
  /** Aborted when a message interrupts what runs now; asked for anew whenever something begins. */
  readonly interruption: () => AbortSignal;
  /** Called once the thread is claimed. */
  readonly onClaimed: () => void;
  /** Called when work begins, with what tells how much of the thread it takes into account. */
  readonly onBegin: (heeded: () => Heeded) => void;
}

/** What the work on a thread takes into account. */
export interface Heeded {
  /** The latest input. */
  readonly lastInput: number;
  /** That the thread was cancelled: nothing runs any more that this would have to stop. */
  readonly cancelled: boolean;
}

/**
 * Takes a thread up, advances it until it waits, and lets it go. Resolves with the thread, or with `undefined` if somebody
 * else holds it, its agent is not known here, or there is nothing to do. `known` is the thread or its head as it was on
 * disk a moment ago; with it, only later events are read, or none at all.
 */
export async function work(
  threadId: ThreadId,
  options: WorkerOptions,
  signals: WorkSignals,
  known?: Thread | ThreadHead,
): Promise<Thread | undefined> {
  const { store, clock, owner } = options;
  const now = clock.now();
  if (known !== undefined && !wantsWork(known, options.channels, now)) return undefined;
  if (!(await store.claim(threadId, owner, now, now + options.claimMs))) return undefined;
  signals.onClaimed();
  try {
    const thread =
      known !== undefined && "events" in known
        ? (await catchUp(store, known)).thread
        : threadOf(threadId, await store.read(threadId));
    const agent = options.agents.get(thread.state.agent);
    if (agent === undefined) return undefined;
    for (const { kind, options: step } of agent.steps.values())
      if (kind === "tool") await step.prepare?.(store);
    return await run(thread, agent, options, signals);
  } catch (error) {
    await options.family.writer.giveUp(threadId, error);
    throw error;
  } finally {
    await store.release(threadId, owner);
  }
}

/** Whether a worker has something to do for the thread: a step, something that is due, or news that people are owed. */
export function wantsWork(thread: ThreadHead, channels: readonly Channel[], now: number): boolean {
  return hasWork(thread.state) || dueEvents(thread, now).length > 0 || isNewsOwed(thread, channels, now);
}

async function run(
  thread: Thread,
  agent: Agent,
  options: WorkerOptions,
  signals: WorkSignals,
): Promise<Thread> {
  const { store, clock, owner, claimMs, channels, stream, observe } = options;
  // A process that was only slow may have lost its claim. Its writes are fenced; it also stops at the first sign of it.
  const lost = new AbortController();
  const claim = {
    owner,
    ms: claimMs,
    async retake() {
      const now = clock.now();
      const held = await store.claim(thread.id, owner, now, now + claimMs);
      if (!held) lost.abort(new DOMException("another process has taken the thread over", "AbortError"));
      return held;
    },
  };
  const onAppended: OnAppended = (before, now, events) =>
    observe({ kind: "events", before, thread: now, events });
  const journal = new StoreJournal(thread, { store, clock, agent, onAppended, claim });
  const signal = AbortSignal.any([signals.signal, lost.signal]);
  const telling = { channels, store, clock, signal, people: options.people };
  const updates = createUpdates(journal, agent, telling);
  const onPartial = (partial: unknown) =>
    observe({ kind: "partial", threadId: thread.id, partial, after: journal.thread.state.seq });
  let cancelled = isCancelled(thread);
  const endWithAbove = watchAbove(journal, store);
  signals.onBegin(() => ({ lastInput: journal.thread.state.lastInput, cancelled }));
  const context: EffectContext = {
    clock,
    signal,
    results: keptResults(store),
    get interruption() {
      return agent.whenBusy === "interrupt" ? signals.interruption() : undefined;
    },
    toolSignal: signals.toolSignal,
    jobToken: options.jobToken,
    model: options.model,
    admit: options.admitFor(thread.id, agent.name),
    async beforeCommand() {
      cancelled = isCancelled(journal.thread);
      // First: whom it tells may take long. What keeps a child from being ended keeps nobody from being told.
      await endChildren(journal, options.family).catch(throwConflict);
      await passOnOwed(journal, agent, options.family.writer);
      await updates.tell();
      await tellNews(journal, agent, telling);
      // Last: what comes before may take long.
      await endWithAbove();
      cancelled = isCancelled(journal.thread);
    },
    people: options.people,
    stillAllowed: options.stillAllowed,
    delegation: delegationFor(journal, options.family),
    // Evaluated at each model call: somebody may have begun or stopped watching.
    get onPartial() {
      return stream() ? onPartial : undefined;
    },
  };
  try {
    for (;;) {
      try {
        if (!signal.aborted) {
          const due = dueEvents(journal.thread, clock.now());
          if (due.length > 0) await journal.append(write(...due));
          await advance(journal, agent, context);
          await tellPeople(journal, agent, telling);
        }
        await settleFamily(journal, agent, options.family);
        await updates.settle();
        return journal.thread;
      } catch (error) {
        if (error instanceof SequenceConflictError || (await wasTold(journal, error))) continue;
        await recordTold(updates);
        throw error;
      }
    }
  } finally {
    await journal.close();
  }
}

function isCancelled({ state }: ThreadHead): boolean {
  return state.ended?.kind === "cancelled";
}

/** Before work fails: what has been told is on record, or it would be told again. Never rejects. */
async function recordTold(updates: Updates): Promise<void> {
  for (;;) {
    try {
      return await updates.settle();
    } catch (error) {
      if (!(error instanceof SequenceConflictError)) return;
    }
  }
}

function throwConflict(error: unknown): void {
  if (error instanceof SequenceConflictError) throw error;
}

/** Whether another thread that could not be read has meanwhile been given up, which this thread has been told. */
async function wasTold(journal: StoreJournal, error: unknown): Promise<boolean> {
  if (!isCorrupt(error) || error.details["threadId"] === journal.thread.id) return false;
  try {
    await journal.append(write());
    return false;
  } catch (conflict) {
    if (conflict instanceof SequenceConflictError) return true;
    throw conflict;
  }
}
