import type { ThreadEvent } from "../thread/events.ts";
import type { ContextView } from "./blocks/view.ts";
import type { TextFormat } from "./formats/formats.ts";
import { createReader } from "./reading.ts";

/**
 * A renderer that remembers: when it is given the same events again with more behind them, only the new ones are
 * rendered. It remembers per thread, by the identity of the first event, as long as that event is in use.
 */
export function createContextWindow(
  view: ContextView = {},
  format?: TextFormat,
): (events: readonly ThreadEvent[]) => string {
  const read = createReader(view, format);
  return (events) => read(events).text();
}

/** How many characters two renderings have in common from the start: what a provider's prompt cache can reuse. */
export function sharedPrefixLength(before: string, after: string): number {
  const limit = Math.min(before.length, after.length);
  let length = 0;
  while (length < limit && before.charCodeAt(length) === after.charCodeAt(length)) length += 1;
  return length;
}
