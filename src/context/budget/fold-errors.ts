import type { CallId } from "../../base/ids.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import type { CompactedRange, EventBlocks } from "../blocks/context-blocks.ts";
import { cutMiddle } from "../blocks/errors.ts";

const MAX_LINE = 300;

export interface Failure {
  readonly intent: string;
  readonly message: string;
}

interface Run {
  from: number;
  to: number;
  readonly failures: Failure[];
}

/**
 * A range for every run of failed attempts that was resolved later: the tool succeeded, or, after an unusable answer, a
 * step was accepted. Each run becomes one line that says what failed, how often and why.
 */
export function foldResolvedErrors(
  events: readonly ThreadEvent[],
  shown: readonly EventBlocks[],
): CompactedRange[] {
  return failedRuns(events, shown).flatMap((run): CompactedRange[] => {
    const { from, to, failures } = run;
    if (!failures.every(({ intent }) => isResolved(events, to, intent))) return [];
    const replacement = describeFailures(failures, " before it succeeded");
    return [{ from, to, method: "fold_errors", replacement }];
  });
}

function failedRuns(events: readonly ThreadEvent[], shown: readonly EventBlocks[]): Run[] {
  const outcomes = intentsOfFailedCalls(events);
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const entry of shown) {
    const event = entry.compacted ? undefined : events[entry.seq - 1];
    const failure = event === undefined ? undefined : failureOf(event, outcomes);
    const starts = event?.type === "step_proposed" && outcomes.has(event.data.callId);
    if (event === undefined || (failure === undefined && !starts)) {
      run = undefined;
      continue;
    }
    run ??= { from: entry.seq, to: entry.seq, failures: [] };
    if (failure === undefined) continue;
    if (run.failures.length === 0) runs.push(run);
    run.failures.push(failure);
    run.to = entry.seq;
  }
  return runs;
}

/** The calls that failed or were refused, with the intents of their steps. */
export function intentsOfFailedCalls(events: readonly ThreadEvent[]): ReadonlyMap<CallId, string> {
  const intents = new Map<CallId, string>();
  const failed = new Map<CallId, string>();
  for (const event of events) {
    if (event.type === "step_proposed") intents.set(event.data.callId, event.data.step.intent);
    if (event.type !== "tool_failed" && event.type !== "step_refused") continue;
    const { callId } = event.data;
    if (callId !== undefined) failed.set(callId, intents.get(callId) ?? "");
  }
  return failed;
}

/** What went wrong with a step or an answer; `undefined` if the event is not a failure. */
export function failureOf(event: ThreadEvent, failed: ReadonlyMap<CallId, string>): Failure | undefined {
  if (event.type === "tool_failed") {
    return { intent: failed.get(event.data.callId) ?? "", message: event.data.error.message };
  }
  if (event.type !== "step_refused") return undefined;
  const { callId, message } = event.data;
  return { intent: callId === undefined ? "" : (failed.get(callId) ?? ""), message };
}

/** A tool's failure is resolved when the tool succeeds later; an unusable answer, when a step follows. */
function isResolved(events: readonly ThreadEvent[], after: number, intent: string): boolean {
  const calls = new Set<CallId>();
  for (const event of events.slice(after)) {
    if (event.type === "step_proposed") {
      if (intent === "") return true;
      if (event.data.step.intent === intent) calls.add(event.data.callId);
    }
    if (event.type === "tool_finished" && calls.has(event.data.callId)) return true;
  }
  return false;
}

/**
 * One line of at most 300 characters: what failed, how often and why. `end` follows the number of failures of a step.
 */
export function describeFailures(failures: readonly Failure[], end = ""): string {
  const byIntent = Map.groupBy(failures, ({ intent }) => intent);
  const lines = Array.from(byIntent, ([intent, group]) => {
    const times = group.length === 1 ? "once" : `${group.length} times`;
    const reasons = [...new Set(group.map(({ message }) => message.split("\n")[0] ?? ""))].join("; ");
    return intent === ""
      ? `an answer could not be used ${times} (${reasons})`
      : `${intent} failed ${times}${end} (${reasons})`;
  });
  return cutMiddle(lines.join(". "), MAX_LINE);
}
