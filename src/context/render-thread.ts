import type { ThreadEvent } from "../thread/events.ts";
import { createContextWindow } from "./window.ts";

const render = createContextWindow();

/**
 * What the model reads of a thread by default: the default view in XML. Cheap to call again after each event: only
 * what is new is rendered.
 */
export function renderThread(thread: { readonly events: readonly ThreadEvent[] }): string {
  return render(thread.events);
}
