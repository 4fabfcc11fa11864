import type { CallId } from "../base/ids.ts";
import { canonicalJson } from "../base/json.ts";
import type { Step, ThreadEvent } from "../thread/events.ts";
import { withoutReasons } from "../thread/reasons.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

/**
 * True if the model was told that it repeats this step, and no other step has run since: an answer that was refused or
 * dropped changes nothing.
 */
export function repeatsAgain({ events, state }: Thread, { seq, step }: OpenCall): boolean {
  if (state.repeatRefusals === 0) return false;
  const undone = new Set(events.flatMap(undoneBy));
  const ran = (event: ThreadEvent | undefined) =>
    event?.type === "step_proposed" && !undone.has(event.data.callId);
  const told = events.findLastIndex((event) => isTold(event) && event.seq < seq);
  const repeated = events.slice(0, told).findLast(ran);
  if (told === -1 || repeated?.type !== "step_proposed" || events.slice(told, seq - 1).some(ran))
    return false;
  const textOf = (other: Step) => canonicalJson(withoutReasons(other));
  return textOf(repeated.data.step) === textOf(step);
}

function isTold({ type, data }: ThreadEvent): boolean {
  return type === "step_refused" && data.reason === "repeated" && data.callId === undefined;
}

/** The calls that an event ends before they have run. */
function undoneBy({ type, data }: ThreadEvent): readonly CallId[] {
  if (type === "steps_dropped") return data.callIds ?? [];
  return type === "step_refused" && data.callId !== undefined ? [data.callId] : [];
}
