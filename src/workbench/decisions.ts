import type { Agent } from "../agent/agent.ts";
import type { CompletionRecord } from "../base/completion.ts";
import { NotFoundError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import { checkNames } from "../base/options.ts";
import type { ThreadStore } from "../store/store.ts";
import type { EventOf, Step, ThreadEvent } from "../thread/events.ts";

/** A stored thread, as the workbench reads it. */
export interface StoredThread {
  readonly id: ThreadId;
  readonly agent: string;
  readonly events: readonly ThreadEvent[];
}

export interface LastThreads {
  /** How many threads, the latest first. */
  readonly last: number;
  /** Only threads of this agent. */
  readonly agent?: string | undefined;
}

/** Throws `NotFoundError` for the name of an agent that is not there. */
export function requireAgent(agents: readonly Pick<Agent, "name">[], agent: string | undefined): void {
  if (agent === undefined || agents.some(({ name }) => name === agent)) return;
  const known = agents.map(({ name }) => name).join(", ");
  throw new NotFoundError(`there is no agent ${JSON.stringify(agent)}; there are ${known}`, { agent });
}

/** The latest threads of a store, one after another: no more than one is in memory. */
export async function* lastThreads(
  store: Pick<ThreadStore, "list" | "read">,
  options: LastThreads,
): AsyncGenerator<StoredThread> {
  checkNames("lastThreads", { last: true, agent: true }, options);
  const { last, agent } = options;
  let left = last;
  let cursor: string | undefined;
  while (left > 0) {
    const page = await store.list({ agent, limit: Math.min(left, 200), cursor });
    for (const summary of page.threads) {
      const events = await store.read(summary.threadId);
      yield { id: summary.threadId, agent: summary.agent, events };
    }
    left -= page.threads.length;
    if (page.next === null) return;
    cursor = page.next;
  }
}

/** A step of a stored answer. */
export interface DecidedStep {
  readonly step: Step;
  /** The event that proposed it; absent if it was dropped at once, where the agent takes only the first step of an answer. */
  readonly proposed?: EventOf<"step_proposed"> | undefined;
}

/** One decision of a model: what it read, and what it wrote. */
export interface Decision {
  readonly threadId: ThreadId;
  readonly agent: string;
  /** The event that holds the decision, or the first of its steps. */
  readonly event: EventOf<"step_proposed" | "step_refused">;
  readonly completion: CompletionRecord;
  /** All steps of the answer, in their order; none if it was refused. */
  readonly steps: readonly DecidedStep[];
  /** The events before it: what the model was asked about. */
  readonly before: readonly ThreadEvent[];
}

/** The first event of a thread whose content was erased; infinity if there is none. What came after it is not known whole. */
export function firstErased(events: readonly ThreadEvent[]): number {
  const seqs = events.flatMap((event) => (event.type === "data_erased" ? event.data.seqs : []));
  return seqs.reduce((first, seq) => Math.min(first, seq), Number.POSITIVE_INFINITY);
}

/** The decisions in a thread, each completion once. Those of which something was erased, or that came after it, are left out. */
export function decisionsIn({ id, agent, events }: StoredThread): Decision[] {
  const known = firstErased(events);
  return events.flatMap((event, index): Decision[] => {
    if (!isDecision(event)) return [];
    const steps = decidedSteps(event, events);
    const { completion } = event.data;
    const following = steps.filter(({ proposed }) => proposed !== undefined).length;
    const dropped = following < steps.length ? 1 : 0;
    if (completion === undefined || event.seq + Math.max(0, following - 1) + dropped >= known) return [];
    return [{ threadId: id, agent, event, completion, steps, before: events.slice(0, index) }];
  });
}

/** Whether an event holds a model's answer, or the first step of one. */
export function isDecision(event: ThreadEvent | undefined): event is Decision["event"] {
  return (
    (event?.type === "step_proposed" || event?.type === "step_refused") && event.data.completion !== undefined
  );
}

/** All steps of the answer of which this event holds the first: the others follow it. */
export function decidedSteps(event: Decision["event"], events: readonly ThreadEvent[]): DecidedStep[] {
  if (event.type === "step_refused") return [];
  const steps: DecidedStep[] = [{ step: event.data.step, proposed: event }];
  for (let at = event.seq; at < events.length; at += 1) {
    const next = events[at];
    if (next?.type === "steps_dropped" && next.data.callIds === undefined)
      steps.push(...next.data.steps.map((step) => ({ step })));
    if (next?.type !== "step_proposed" || next.data.completion !== undefined) break;
    steps.push({ step: next.data.step, proposed: next });
  }
  return steps;
}
