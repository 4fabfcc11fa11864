import type { Json } from "../base/json.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { type BlockReader, compacted, createBlockReader, type EventBlocks } from "./blocks/context-blocks.ts";
import type { ContextView } from "./blocks/view.ts";
import { createVault, type SecretVault } from "./redaction/redaction.ts";

/** What reading a thread's events in order has given. */
export interface Reading {
  readonly shown: readonly EventBlocks[];
  /** The latest result of everything that was fetched beforehand, by name. */
  readonly prefetched: Readonly<Record<string, Json>>;
  /** What the placeholders of the thread stand for. */
  readonly vault: SecretVault;
}

interface Known {
  readonly vault: SecretVault;
  readonly read: BlockReader;
  count: number;
  last: ThreadEvent;
  shown: EventBlocks[];
  prefetched: Record<string, Json>;
}

/**
 * Reads threads and remembers: given the same events with more behind them, only the new ones are read. It remembers per
 * thread, by the identity of the first event, as long as that event is in use.
 */
export function createReading(view: ContextView): (events: readonly ThreadEvent[]) => Reading {
  const threads = new WeakMap<ThreadEvent, Known>();
  return (events) => {
    const [first] = events;
    if (first === undefined) return { shown: [], prefetched: {}, vault: view.vault ?? createVault() };
    const before = threads.get(first);
    const known =
      before !== undefined && events[before.count - 1] === before.last ? before : fresh(view, first);
    threads.set(first, known);
    for (const event of events.slice(known.count)) take(known, event);
    return { shown: [...known.shown], prefetched: { ...known.prefetched }, vault: known.vault };
  };
}

function fresh(view: ContextView, first: ThreadEvent): Known {
  const vault = view.vault ?? createVault();
  const read = createBlockReader({ ...view, vault });
  return { vault, read, count: 0, last: first, shown: [], prefetched: {} };
}

function take(known: Known, event: ThreadEvent): void {
  const { redacted, blocks } = known.read(event);
  known.count += 1;
  known.last = event;
  if (redacted.type === "context_compacted") known.shown = compacted(known.shown, redacted);
  else if (blocks.length > 0) {
    const { seq, type } = event;
    known.shown.push({ seq, to: seq, compacted: false, fromModel: type === "step_proposed", blocks });
  }
  if (redacted.type === "prefetched" && redacted.data.outcome.kind === "result") {
    known.prefetched[redacted.data.name] = redacted.data.outcome.result;
  }
}
