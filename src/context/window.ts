import type { ThreadEvent } from "../thread/events.ts";
import type { ContextView } from "./blocks/view.ts";
import type { TextFormat } from "./formats/formats.ts";
import { createReader } from "./reading.ts";

/**
 * Creates a renderer with a memory: called again with the same events and more after them, it renders only the new ones. It
 * remembers each thread by the identity of its first event, as long as that event is in use.
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
