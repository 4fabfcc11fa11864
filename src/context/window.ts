import type { ThreadEvent } from "../thread/events.ts";
import type { ContextBlock } from "./block.ts";
import { blocksOf } from "./blocks.ts";
import { eventBlocks } from "./context-blocks.ts";
import { createEventIndex, type EventIndex } from "./event-index.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormat } from "./formats.ts";
import type { ContextView } from "./view.ts";

interface Rendered {
  readonly count: number;
  readonly last: ThreadEvent;
  readonly index: EventIndex;
  readonly text: string;
}

/**
 * A renderer that remembers: when it is given the same events again with more behind them, only the new ones are
 * rendered. It remembers per thread, by the identity of the first event, as long as that event is in use.
 */
export function createContextWindow(
  view: ContextView = {},
  format: TextFormat = TEXT_FORMATS.xml,
): (events: readonly ThreadEvent[]) => string {
  const known = new WeakMap<ThreadEvent, Rendered>();
  return (events) => {
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return "";
    const before = known.get(first);
    const rendered =
      before !== undefined && events[before.count - 1] === before.last
        ? extend(before, events, view, format)
        : undefined;
    const now = rendered ?? renderAll(events, last, view, format);
    known.set(first, now);
    return now.text;
  };
}

/** `undefined` where an event among the new ones changes what came before it. */
function extend(
  before: Rendered,
  events: readonly ThreadEvent[],
  view: ContextView,
  format: TextFormat,
): Rendered | undefined {
  let { text, last } = before;
  for (let at = before.count; at < events.length; at += 1) {
    const event = events[at];
    if (event === undefined || event.type === "context_compacted") return undefined;
    before.index.add(event);
    for (const block of blocksOf(event, before.index, view)) text = appended(text, block, format);
    last = event;
  }
  return { count: events.length, last, index: before.index, text };
}

function renderAll(
  events: readonly ThreadEvent[],
  last: ThreadEvent,
  view: ContextView,
  format: TextFormat,
): Rendered {
  const index = createEventIndex();
  for (const event of events) index.add(event);
  const blocks = eventBlocks(events, view).flatMap((entry) => entry.blocks);
  return { count: events.length, last, index, text: renderBlocks(blocks, format) };
}

function appended(text: string, block: ContextBlock, format: TextFormat): string {
  const next = format.renderBlock(block);
  return text === "" ? next : text + format.separator + next;
}

/** How many characters two renderings have in common from the start: what a provider's prompt cache can reuse. */
export function sharedPrefixLength(before: string, after: string): number {
  const limit = Math.min(before.length, after.length);
  let length = 0;
  while (length < limit && before.charCodeAt(length) === after.charCodeAt(length)) length += 1;
  return length;
}
