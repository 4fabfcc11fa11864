import type { Agent } from "../../agent/agent.ts";
import { NotFoundError } from "../../base/errors.ts";
import { checkNames } from "../../base/options.ts";
import type { ThreadStore } from "../../store/store.ts";
import { extendThread, type Thread, threadOf } from "../../thread/thread.ts";
import { type Decision, decisionsIn, lastThreads, requireAgent } from "../decisions.ts";

/** A stored decision with the thread that the model was asked about. */
export interface StoredDecision extends Decision {
  readonly own: Agent;
  readonly thread: Thread;
}

export interface LastDecisions {
  /** How many decisions, the latest threads first. */
  readonly last: number;
  /** Only those of this agent. */
  readonly agent?: string | undefined;
  readonly agents: readonly Agent[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * The latest decisions of a store, thread by thread: each thread is read once, and only one is in memory. Threads of agents
 * that are not there are left out. Throws `NotFoundError` for an `agent` that is not there, and where there is no decision.
 */
export async function* lastDecisions(
  store: Pick<ThreadStore, "list" | "read">,
  options: LastDecisions,
): AsyncGenerator<StoredDecision> {
  checkNames("lastDecisions", { last: true, agent: true, agents: true, signal: true }, options);
  const { last, agent, agents, signal } = options;
  requireAgent(agents, agent);
  let left = last;
  const unknown = new Set<string>();
  for await (const stored of lastThreads(store, { last: Number.POSITIVE_INFINITY, agent })) {
    if (left <= 0) return;
    const own = agents.find(({ name }) => name === stored.agent);
    if (own === undefined) {
      unknown.add(stored.agent);
      continue;
    }
    const decisions = decisionsIn(stored).slice(-left);
    left -= decisions.length;
    let thread = threadOf(stored.id, []);
    for (const decision of decisions) {
      signal?.throwIfAborted();
      // One fold over the thread, however many decisions it has.
      thread = extendThread(thread, decision.before.slice(thread.events.length));
      yield { ...decision, own, thread };
    }
  }
  if (left === last && last > 0) throw noDecisions(unknown, agent);
}

/** Nothing was looked at, so that nothing can be said to be well. */
export function noDecisions(unknown: ReadonlySet<string>, agent: string | undefined): NotFoundError {
  const of = agent === undefined ? "" : ` of ${agent}`;
  const others =
    unknown.size === 0
      ? ""
      : `: its threads are of ${[...unknown].map((name) => JSON.stringify(name)).join(", ")}, which the configuration does not have`;
  return new NotFoundError(`the store holds no decision of a model${of}${others}`, {});
}
