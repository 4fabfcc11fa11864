import type { ThreadAbove } from "../thread/events.ts";
import { visibleLine } from "./visible-text.ts";

/** The way down to a thread that works for others: the agents above it, and its own. Empty if it works for nobody. */
export function describeWay(path: readonly ThreadAbove[], agent: string): string {
  if (path.length === 0) return "";
  return [...path.map((above) => above.agent), agent].map((name) => visibleLine(name)).join(" → ");
}
