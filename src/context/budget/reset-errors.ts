import type { CallId } from "../../base/ids.ts";
import type { EventData, NewEvent, ThreadEvent } from "../../thread/events.ts";
import type { EventBlocks } from "../blocks/context-blocks.ts";
import { describeFailures, type Failure, failureOf, intentsOfFailedCalls } from "./fold-errors.ts";

/**
 * Errors are counted anew after one of these, because what failed before may be what a person has just spoken about.
 */
const LOOKS = new Set<ThreadEvent["type"]>(["message_received", "event_received", "human_responded"]);

interface Attempts {
  readonly from: number;
  to: number;
  readonly failures: Failure[];
}

/**
 * The events that take all failed attempts since people last looked out of the context: each run of them becomes one
 * line, and the last event records that errors are counted anew. Never empty. What succeeded in between stays.
 */
export function resetErrors(events: readonly ThreadEvent[], shown: readonly EventBlocks[]): NewEvent[] {
  const runs = failedAttempts(events, shown);
  const last = runs.pop() ?? { from: events.length, to: events.length, failures: [] };
  return [...runs.map((run) => foldFailures(run, "fold_errors")), foldFailures(last, "reset_errors")];
}

function foldFailures(
  { from, to, failures }: Attempts,
  method: EventData["context_compacted"]["method"],
): NewEvent {
  const data = { from, to, method };
  if (failures.length === 0) return { type: "context_compacted", data };
  return { type: "context_compacted", data: { ...data, replacement: describeFailures(failures) } };
}

/** Runs of failed steps, what became of them, and what was dropped because of them. */
function failedAttempts(events: readonly ThreadEvent[], shown: readonly EventBlocks[]): Attempts[] {
  const since = events.findLast(({ type }) => LOOKS.has(type))?.seq ?? 0;
  const intents = intentsOfFailedCalls(events);
  const failed = findFailedCalls(events, since);
  const runs: Attempts[] = [];
  let run: Attempts | undefined;
  for (const { seq, to } of shown) {
    // A failure that was cut to size is still a failure; a range of several events is something else.
    const event = seq === to ? events[seq - 1] : undefined;
    const failure = event === undefined || seq <= since ? undefined : failureOf(event, intents);
    const starts = event?.type === "step_proposed" && failed.has(event.data.callId);
    const follows = event?.type === "steps_dropped" && run !== undefined;
    if (failure === undefined && !starts && !follows) {
      run = undefined;
      continue;
    }
    if (run === undefined) {
      run = { from: seq, to: seq, failures: [] };
      runs.push(run);
    }
    run.to = seq;
    if (failure !== undefined) run.failures.push(failure);
  }
  return runs;
}

/** Calls that failed, were refused, or were dropped because an earlier call failed. */
function findFailedCalls(events: readonly ThreadEvent[], since: number): ReadonlySet<CallId> {
  const calls = new Set<CallId>();
  for (const event of events.slice(since)) {
    if (event.type === "steps_dropped") for (const callId of event.data.callIds ?? []) calls.add(callId);
    if (event.type !== "tool_failed" && event.type !== "step_refused") continue;
    if (event.data.callId !== undefined) calls.add(event.data.callId);
  }
  return calls;
}
