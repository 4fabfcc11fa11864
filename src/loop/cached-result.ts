import type { CallId } from "../base/ids.ts";
import { canonicalJson } from "../base/json.ts";
import type { EventOf, Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/** The result of the same call in the same thread, not older than `seconds`; never one that was itself reused. */
export function cachedResult(
  { events }: Thread,
  step: Step,
  seconds: number,
  now: number,
): EventOf<"tool_finished"> | undefined {
  const wanted = canonicalJson(step);
  const calls = new Set<CallId>();
  for (const event of events) {
    if (event.type === "step_proposed" && canonicalJson(event.data.step) === wanted)
      calls.add(event.data.callId);
    // An approver's edit: the result is that of other arguments.
    if (event.type === "human_responded" && event.data.callId !== undefined) calls.delete(event.data.callId);
  }
  return events.findLast(
    (event): event is EventOf<"tool_finished"> =>
      event.type === "tool_finished" &&
      calls.has(event.data.callId) &&
      event.data.cachedFrom === undefined &&
      Date.parse(event.at) >= now - seconds * 1000,
  );
}
