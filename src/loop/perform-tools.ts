import type { NewEvent } from "../thread/events.ts";
import { MAX_AT_ONCE } from "./command.ts";
import type { Effect } from "./effect.ts";
import { write } from "./journal.ts";
import { attemptOf, outcomeOf, writeOutcomes } from "./perform-tool.ts";

/**
 * Reserves several calls of read-only tools in one write, runs them at once, and settles them in the order of the steps
 * when all have ended. After a crash they run again.
 */
export const runTools: Effect<"run_tools"> = async function* ({ callIds }, thread, agent, context) {
  const attempts = callIds.map((callId) => attemptOf(callId, thread, agent, context));
  yield write(...attempts.map(({ reserve }): NewEvent => ({ type: "tool_started", data: reserve })));
  const events = await atOnce(attempts.map((attempt) => () => outcomeOf(attempt)));
  const soon = events.every(({ type }) => type === "tool_finished");
  yield { events, when: soon ? "soon" : "now", onConflict: "keep" };
  yield* writeOutcomes(attempts, events);
};

/** Runs all of them, some at a time, and resolves with what they return, in their order. None may throw. */
async function atOnce(runs: readonly (() => Promise<NewEvent>)[]): Promise<readonly NewEvent[]> {
  const results = new Map<number, NewEvent>();
  const waiting = runs.entries();
  const work = async () => {
    for (const [index, run] of waiting) results.set(index, await run());
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
  return [...results].sort(([one], [other]) => one - other).map(([, event]) => event);
}
