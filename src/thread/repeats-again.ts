import type { CallId } from "../base/ids.ts";
import { canonicalJson } from "../base/json.ts";
import type { EventType, Step, ThreadEvent } from "./events.ts";
import { withoutReasons } from "./reasons.ts";
import type { OpenCall } from "./state.ts";
import type { Thread } from "./thread.ts";

/**
 * True if the model was told that it repeats this step, and no other step has run since: an answer that was refused or
 * dropped changes nothing.
 */
export function repeatsAgain({ events, state }: Thread, { seq, step }: OpenCall): boolean {
  if (state.repeatRefusals === 0) return false;
  const undone = new Set(events.flatMap(undoneBy));
  const hasRun = (event: ThreadEvent | undefined) =>
    event?.type === "step_proposed" && !undone.has(event.data.callId);
  const told = events.findLastIndex((event) => isTold(event) && event.seq < seq);
  if (told === -1 || events.slice(told, seq - 1).some(hasRun)) return false;
  const before = events.slice(0, told);
  const inTurn = inTurnOf(events[told]);
  const repeated =
    inTurn === undefined ? stepsOf(before.filter(hasRun)).slice(-1) : lastSettled(before, inTurn);
  const textOf = (other: Step) => canonicalJson(withoutReasons(other));
  return repeated.some((other) => textOf(other) === textOf(step));
}

function isTold({ type, data }: ThreadEvent): boolean {
  return type === "step_refused" && data.reason === "repeated" && data.callId === undefined;
}

function inTurnOf(event: ThreadEvent | undefined): number | undefined {
  return event?.type === "step_refused" ? event.data.inTurn : undefined;
}

const OUTCOMES: ReadonlySet<EventType> = new Set([
  "tool_finished",
  "tool_failed",
  "child_started",
  "child_finished",
  "child_failed",
]);

/** The last steps that have had outcomes, so many of them. */
function lastSettled(events: readonly ThreadEvent[], count: number): readonly Step[] {
  const callIds = new Set<unknown>();
  for (const { type, data } of events.toReversed()) {
    if (callIds.size === count) break;
    if (OUTCOMES.has(type) && "callId" in data) callIds.add(data.callId);
  }
  return stepsOf(events.filter(({ type, data }) => type === "step_proposed" && callIds.has(data.callId)));
}

function stepsOf(events: readonly ThreadEvent[]): readonly Step[] {
  return events.flatMap(({ type, data }) => (type === "step_proposed" ? [data.step] : []));
}

/** The calls that an event ends before they have run. */
function undoneBy({ type, data }: ThreadEvent): readonly CallId[] {
  if (type === "steps_dropped") return data.callIds ?? [];
  return type === "step_refused" && data.callId !== undefined ? [data.callId] : [];
}
