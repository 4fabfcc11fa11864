import type { ThreadEvent } from "../thread/events.ts";
import { type BlockReader, createBlockReader, eventBlocks } from "./blocks/context-blocks.ts";
import type { ContextView } from "./blocks/view.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormat } from "./formats/formats.ts";

interface Rendered {
  readonly count: number;
  readonly last: ThreadEvent;
  readonly read: BlockReader;
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
        ? extend(before, events, last, view, format)
        : undefined;
    const now = rendered ?? renderAll(events, last, view, format);
    known.set(first, now);
    return now.text;
  };
}

/** `undefined` where one of the new events changes what came before them. */
function extend(
  before: Rendered,
  events: readonly ThreadEvent[],
  last: ThreadEvent,
  view: ContextView,
  format: TextFormat,
): Rendered | undefined {
  const added = events.slice(before.count);
  if (added.some((event) => event.type === "context_compacted" && event.data.from <= before.last.seq)) {
    return undefined;
  }
  const { read, text } = before;
  const blocks = eventBlocks(added, view, read).flatMap((entry) => entry.blocks);
  const more = renderBlocks(blocks, format);
  const both = text === "" || more === "" ? text + more : text + format.separator + more;
  return { count: events.length, last, read, text: both };
}

function renderAll(
  events: readonly ThreadEvent[],
  last: ThreadEvent,
  view: ContextView,
  format: TextFormat,
): Rendered {
  const read = createBlockReader(view);
  const blocks = eventBlocks(events, view, read).flatMap((entry) => entry.blocks);
  return { count: events.length, last, read, text: renderBlocks(blocks, format) };
}

/** How many characters two renderings have in common from the start: what a provider's prompt cache can reuse. */
export function sharedPrefixLength(before: string, after: string): number {
  const limit = Math.min(before.length, after.length);
  let length = 0;
  while (length < limit && before.charCodeAt(length) === after.charCodeAt(length)) length += 1;
  return length;
}
