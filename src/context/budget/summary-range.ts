import type { CallId } from "../../base/ids.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import type { EventBlocks } from "../blocks/context-blocks.ts";

/** A range of a thread's shown entries: from index `start` up to, but not including, `end`. */
export interface EntryRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The oldest entries that may give way together: after the opening input and before the last `keep` entries, at most
 * `most` tokens, no more than needed to have `enough`, and never separating a step from its outcome. `undefined` if
 * that leaves fewer than two.
 */
export function oldestRange(
  events: readonly ThreadEvent[],
  shown: readonly EventBlocks[],
  tokens: readonly number[],
  {
    keep,
    most = Infinity,
    enough = Infinity,
  }: { readonly keep: number; readonly most?: number; readonly enough?: number },
): EntryRange | undefined {
  const start = openingLength(events, shown);
  const latest = shown.length - keep;
  const earliestNeeded = earliestProposals(events, shown);
  let end: number | undefined;
  let used = 0;
  for (let at = start; at < latest; at += 1) {
    used += tokens[at] ?? 0;
    // A single entry may be over the limit: it was cut before, or the caller cuts it.
    if (used > most && at > start) break;
    const last = shown[at];
    if (last !== undefined && (earliestNeeded[at + 1] ?? Infinity) > last.to) end = at + 1;
    if (end === at + 1 && used >= enough && end - start > 1) break;
  }
  return end === undefined || end - start < 2 ? undefined : { start, end };
}

/** How many entries the opening input takes. It stays, because it says what the thread is about. */
export function openingLength(events: readonly ThreadEvent[], shown: readonly EventBlocks[]): number {
  const [first] = shown;
  const type = first === undefined || first.compacted ? undefined : events[first.seq - 1]?.type;
  return type === "message_received" || type === "event_received" ? 1 : 0;
}

/** For each entry, the earliest step whose outcome it or a later entry is. */
function earliestProposals(events: readonly ThreadEvent[], shown: readonly EventBlocks[]): number[] {
  const proposals = new Map<CallId, number>();
  for (const event of events) {
    if (event.type === "step_proposed") proposals.set(event.data.callId, event.seq);
  }
  const earliest: number[] = [];
  let lowest = Infinity;
  for (let at = shown.length - 1; at >= 0; at -= 1) {
    const event = events[(shown[at]?.seq ?? 0) - 1];
    const callId = event !== undefined && "callId" in event.data ? event.data.callId : undefined;
    lowest = Math.min(lowest, callId === undefined ? Infinity : (proposals.get(callId) ?? Infinity));
    earliest[at] = lowest;
  }
  return earliest;
}
