import { checkNames } from "../../base/options.ts";
import type { EventOf, ThreadEvent } from "../../thread/events.ts";
import { createRedactor, type Redactor } from "../redaction/redaction.ts";
import type { ContextBlock } from "./block.ts";
import { blocksOf } from "./blocks.ts";
import { createEventIndex } from "./event-index.ts";
import { type ContextView, originLabel, personName, VIEW_NAMES } from "./view.ts";

/** The blocks that stand for one event, or for a compacted range of events. */
export interface EventBlocks {
  /** The event, or the first of the range. */
  readonly seq: number;
  /** The last event of the range; for a single event the same as `seq`. */
  readonly to: number;
  /** True if a `context_compacted` event put something else in the place of the original. */
  readonly compacted: boolean;
  /** True for a step that the model itself proposed. */
  readonly fromModel: boolean;
  readonly blocks: readonly ContextBlock[];
}

/** A range of events that the model no longer sees, and what stands in its place. */
export type CompactedRange = EventOf<"context_compacted">["data"];

/**
 * What the model may see of a thread, in order. Ranges named by `context_compacted` events are replaced by what those
 * events say; the later one wins where two overlap. What `events_left_out` names is gone from there on.
 */
export function contextBlocks(events: readonly ThreadEvent[], view: ContextView = {}): ContextBlock[] {
  return eventBlocks(events, view).flatMap(({ blocks }) => blocks);
}

/** `contextBlocks`, with the event that each block came from. Events without a block are left out. */
export function eventBlocks(
  events: readonly ThreadEvent[],
  view: ContextView = {},
  read: BlockReader = createBlockReader(view),
): EventBlocks[] {
  let shown: EventBlocks[] = [];
  for (const event of events) {
    const { redacted, blocks } = read(event);
    const changed = changeEntries(shown, redacted);
    if (changed !== undefined) shown = changed;
    else if (blocks.length > 0) {
      const { seq, type } = event;
      shown.push({ seq, to: seq, compacted: false, fromModel: type === "step_proposed", blocks });
    }
  }
  return shown;
}

/** The entries after an event that changes what is shown of earlier ones; `undefined` if it is none. */
export function changeEntries(shown: readonly EventBlocks[], event: ThreadEvent): EventBlocks[] | undefined {
  if (event.type === "context_compacted") return compactEntries(shown, event);
  if (event.type !== "events_left_out") return undefined;
  // What stands in the place of several events may repeat any of them.
  return shown.filter(({ seq, to }) => !event.data.seqs.some((out) => out >= seq && out <= to));
}

/** `eventBlocks`, with the events as the model may see them. */
export function readEvents(
  events: readonly ThreadEvent[],
  view: ContextView,
): { readonly events: readonly ThreadEvent[]; readonly shown: readonly EventBlocks[] } {
  const read = createBlockReader(view);
  const redacted: ThreadEvent[] = [];
  const shown = eventBlocks(events, view, (event) => {
    const result = read(event);
    redacted.push(result.redacted);
    return result;
  });
  return { events: redacted, shown };
}

/** Reads a thread's events one after another: each as the model may see it, and its blocks. */
export type BlockReader = (event: ThreadEvent) => {
  readonly redacted: ThreadEvent;
  readonly blocks: readonly ContextBlock[];
};

/** A reader for one thread: it remembers the steps, questions and secrets that later events refer to. */
export function createBlockReader(view: ContextView): BlockReader {
  checkNames("the view of a thread", VIEW_NAMES, view);
  const index = createEventIndex();
  const redact = createEventRedactor(view);
  return (event) => {
    const redacted = redact(event);
    index.add(redacted);
    return { redacted, blocks: blocksOf(redacted, index, view) };
  };
}

/** Redacts a thread's events for the model, one after another. Without rules, they stay as they are. */
export function createEventRedactor({
  redact,
  vault,
}: Pick<ContextView, "redact" | "vault">): (event: ThreadEvent) => ThreadEvent {
  if (redact === undefined) return (event) => event;
  const redactor = createRedactor(redact, vault);
  return (event) => withoutNames(redactor.event(event), redactor);
}

/** People keep their names in the thread; what the model is told of them may be an e-mail address. */
function withoutNames(event: ThreadEvent, { text }: Redactor): ThreadEvent {
  if (event.type === "message_received") {
    const { from } = event.data;
    return { ...event, data: { ...event.data, from: { ...from, name: text(personName(from)) } } };
  }
  if (event.type !== "human_responded") return event;
  const { by } = event.data;
  return { ...event, data: { ...event.data, by: { ...by, name: text(personName(by)) } } };
}

/**
 * The blocks after a compaction: those of its range are replaced by what it says, in the place of the first. Where nothing is
 * left to replace, it says nothing.
 */
function compactEntries(shown: readonly EventBlocks[], event: EventOf<"context_compacted">): EventBlocks[] {
  const { from, to, method, replacement } = event.data;
  // There is no summary: the result stays.
  if (method === "summarize_result" && replacement === undefined) return [...shown];
  const before = shown.filter(({ seq }) => seq < from);
  const hidden = shown.filter(({ seq }) => seq >= from && seq <= to);
  const after = shown.filter(({ seq }) => seq > to);
  const blocks =
    hidden.length === 0
      ? []
      : replacementBlocks(
          event,
          hidden.flatMap((entry) => entry.blocks),
        );
  return [
    ...before,
    ...(blocks.length === 0 ? [] : [{ seq: from, to, compacted: true, fromModel: false, blocks }]),
    ...after,
  ];
}

function replacementBlocks(
  { data: { method, replacement } }: EventOf<"context_compacted">,
  hidden: readonly ContextBlock[],
): readonly ContextBlock[] {
  if (replacement === undefined) return [];
  // A summary of content from outside is no more to be trusted than the content.
  const origins = [
    ...new Set(hidden.flatMap(({ untrusted }) => (untrusted === undefined ? [] : [untrusted]))),
  ];
  const label = origins.length === 0 ? {} : { untrusted: originLabel(origins.join(", ")) };
  switch (method) {
    case "cut_result":
    case "summarize_result":
      return [{ tag: hidden[0]?.tag ?? "step_result", body: replacement, ...label }];
    case "fold_errors":
    case "reset_errors":
      return [{ tag: "folded_errors", body: replacement, ...label }];
    case "drop_superseded":
      return [{ tag: "superseded", body: replacement, ...label }];
    case "summarize":
      return [{ tag: "summary", body: replacement, ...label }];
    default:
      return method satisfies never;
  }
}
