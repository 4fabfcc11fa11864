import type { CallId } from "../../base/ids.ts";
import { canonicalJson } from "../../base/json.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import type { CompactedRange, EventBlocks } from "../blocks/context-blocks.ts";

/**
 * A range for every lookup that was repeated later with the same arguments: only the later answer is kept. `lookups`
 * are the intents that only read.
 */
export function dropSuperseded(
  events: readonly ThreadEvent[],
  shown: readonly EventBlocks[],
  lookups: readonly string[],
): CompactedRange[] {
  const calls = finishedLookups(events, new Set(lookups));
  const latest = new Map(calls.map((call) => [call.key, call]));
  const places = new Map(shown.map((entry, index) => [entry.seq, index]));
  return calls.flatMap(({ key, from, to }): CompactedRange[] => {
    if (latest.get(key)?.to === to) return [];
    const first = places.get(from);
    // Step and result must stand side by side, unchanged, so that nothing else is removed with them.
    if (first === undefined || shown[first + 1]?.seq !== to) return [];
    if (shown[first]?.compacted || shown[first + 1]?.compacted) return [];
    return [{ from, to, method: "drop_superseded" }];
  });
}

interface Lookup {
  /** The intent and the arguments. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

function finishedLookups(events: readonly ThreadEvent[], lookups: ReadonlySet<string>): Lookup[] {
  const open = new Map<CallId, { readonly key: string; readonly from: number }>();
  const finished: Lookup[] = [];
  for (const event of events) {
    if (event.type === "step_proposed" && lookups.has(event.data.step.intent)) {
      open.set(event.data.callId, { key: canonicalJson(event.data.step), from: event.seq });
    }
    const call = event.type === "tool_finished" ? open.get(event.data.callId) : undefined;
    if (call !== undefined) finished.push({ ...call, to: event.seq });
  }
  return finished;
}
