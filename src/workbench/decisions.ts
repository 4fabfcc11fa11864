import type { CompletionRecord } from "../base/completion.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";
import type { EventOf, ThreadEvent } from "../thread/events.ts";

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

/** The latest threads of a store, one after another: no more than one is in memory. */
export async function* lastThreads(
  store: Pick<ThreadStore, "list" | "read">,
  { last, agent }: LastThreads,
): AsyncGenerator<StoredThread> {
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

/** One decision of a model: what it read, and what it wrote. */
export interface Decision {
  readonly threadId: ThreadId;
  readonly agent: string;
  /** The event that holds the decision. */
  readonly event: EventOf<"step_proposed" | "step_refused">;
  readonly completion: CompletionRecord;
  /** The events before it: what the model was asked about. */
  readonly before: readonly ThreadEvent[];
}

/** The first event of a thread whose content was erased; infinity if there is none. What came after it is not known whole. */
export function firstErased(events: readonly ThreadEvent[]): number {
  const seqs = events.flatMap((event) => (event.type === "data_erased" ? event.data.seqs : []));
  return seqs.reduce((first, seq) => Math.min(first, seq), Number.POSITIVE_INFINITY);
}

/** The decisions in a thread, each completion once. Those of which the model read something that was erased are left out. */
export function decisionsIn({ id, agent, events }: StoredThread): Decision[] {
  const known = firstErased(events);
  return events.flatMap((event, index): Decision[] => {
    if (event.seq >= known) return [];
    if (event.type !== "step_proposed" && event.type !== "step_refused") return [];
    const { completion } = event.data;
    return completion === undefined
      ? []
      : [{ threadId: id, agent, event, completion, before: events.slice(0, index) }];
  });
}
