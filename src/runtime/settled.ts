import type { Agent } from "../agent/agent.ts";
import { systemClock } from "../base/clock.ts";
import { NotFoundError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";
import { isOver } from "../thread/projection.ts";
import type { OpenChild } from "../thread/state.ts";
import { type Thread, threadOf } from "../thread/thread.ts";
import { agentNamed } from "./agent-named.ts";
import { isCorrupt } from "./damaged.ts";
import type { Notify } from "./observers.ts";
import type { WorkerPool } from "./worker-pool.ts";
import type { Writer } from "./writer.ts";

/** Milliseconds between two looks at a thread that another process works on. */
const HELD_POLL_MS = 50;

export interface SettleOptions {
  readonly store: ThreadStore;
  readonly agents: ReadonlyMap<string, Agent>;
  /** The workers of this process; `undefined` where it advances no threads. */
  readonly pool: WorkerPool | undefined;
  readonly notify: Notify;
  readonly claimMs: number;
  /** See `Writer`. */
  readonly giveUp: Writer["giveUp"];
}

/**
 * Resolves when the thread waits, has ended or is paused, no matter which process advances it. Throws the error that kept
 * this process from advancing it, or the signal's reason.
 */
export async function settle(
  threadId: ThreadId,
  options: SettleOptions,
  signal: AbortSignal | undefined,
): Promise<Thread> {
  const thread = await settleWhile(threadId, options, { signal, isAwaited: async () => true });
  if (thread === undefined) throw new Error("unreachable: it is always awaited");
  return thread;
}

interface Wait {
  readonly signal: AbortSignal | undefined;
  /** Whether somebody still waits for the thread. */
  readonly isAwaited: () => Promise<boolean>;
}

/** `undefined` once nobody waits for it any more. */
async function settleWhile(
  threadId: ThreadId,
  options: SettleOptions,
  wait: Wait,
): Promise<Thread | undefined> {
  const { signal, isAwaited } = wait;
  const { store, agents, pool, notify, claimMs } = options;
  const earlier = pool?.failureOf(threadId);
  const isActive = () => pool?.isActive(threadId) === true;
  let elsewhere = false;
  let seen = -1;
  for (;;) {
    signal?.throwIfAborted();
    const summary = await store.summary(threadId);
    if (summary === undefined) throw new NotFoundError(`there is no thread ${threadId}`, { threadId });
    if (!summary.wantsAdvance && !isActive()) {
      const thread = threadOf(threadId, await store.read(threadId));
      if (!(await movesOn(thread, options, wait))) return thread;
      // It has yet to be told.
      if (thread.state.seq === seen) await systemClock.sleep(HELD_POLL_MS, signal);
      seen = thread.state.seq;
      continue;
    }
    agentNamed(agents, summary.agent);
    const failure = pool?.failureOf(threadId);
    if (failure !== undefined && failure !== earlier) throw failure.error;
    if (!isActive()) pool?.nudge(threadId);
    await pool?.idle(threadId, signal);
    const now = await store.summary(threadId);
    if (now?.wantsAdvance !== true || now.seq !== summary.seq || isActive()) continue;
    // Nothing was done here: another process, with its own clock, holds the thread.
    if (pool !== undefined && pool.failureOf(threadId) === earlier && !elsewhere) {
      notify({ kind: "elsewhere", threadId, claimMs });
      elsewhere = true;
    }
    await systemClock.sleep(HELD_POLL_MS, signal);
    if (!(await isAwaited())) return undefined;
  }
}

/** Whether the thread waits for others of which one has ended or has yet to settle: then it will go on. Resolves once that has. */
async function movesOn(
  { id, state: { seq, status, children } }: Thread,
  options: SettleOptions,
  { signal, isAwaited }: Wait,
): Promise<boolean> {
  if (status.kind !== "awaiting_child") return false;
  const awaited = children.filter(({ background }) => !background);
  const waits = async () => (await options.store.summary(id))?.seq === seq && (await isAwaited());
  return anyEnds(awaited, options, { signal, isAwaited: waits });
}

/** Whether one of them is over or given up, or goes on when one of those in its background is. */
async function anyEnds(children: readonly OpenChild[], options: SettleOptions, wait: Wait): Promise<boolean> {
  for (const { threadId } of children) {
    const thread = await settleOrGiveUp(threadId, options, wait);
    if (thread === undefined || isOver(thread.state)) return true;
    const { ended, children: below } = thread.state;
    if (ended !== null && (await anyEnds(below, options, wait))) return true;
  }
  return false;
}

/** `undefined` for a thread that nobody waits for any more, such as one that nobody can read. */
async function settleOrGiveUp(
  threadId: ThreadId,
  options: SettleOptions,
  wait: Wait,
): Promise<Thread | undefined> {
  try {
    return await settleWhile(threadId, options, wait);
  } catch (error) {
    await options.giveUp(threadId, error);
    if (isCorrupt(error) && !(await wait.isAwaited())) return undefined;
    throw error;
  }
}
