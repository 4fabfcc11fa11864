import type { Agent } from "../agent/agent.ts";
import { credentialsFor } from "../agent/credentials.ts";
import { createHelper, type Helper } from "../agent/helper.ts";
import { keepResult, reusedResult } from "../agent/reuse-results.ts";
import { toStore } from "../agent/to-store.ts";
import { isoTime } from "../base/clock.ts";
import { withDeadline } from "../base/deadlines.ts";
import type { CallId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { ToolContext, ToolStep } from "../steps/definitions.ts";
import { isIdempotent } from "../steps/permission.ts";
import { createJobTokens, isJobStart, type JobStart, jobTokenDigest } from "../steps/start-job.ts";
import type { EventData, NewEvent, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { callOf, definitionOf, type Effect, type EffectContext, signalForTool } from "./effect.ts";
import { type Write, write } from "./journal.ts";

/** A call that runs, with everything about it. */
export interface Attempt {
  readonly call: OpenCall;
  readonly definition: ToolStep<Step>;
  readonly reserve: EventData["tool_started"];
  readonly thread: Thread;
  readonly agent: Agent;
  readonly context: EffectContext;
}

/**
 * Reserves, executes and settles a call. The reserve is on disk before the tool runs, and a worker that loses the race for
 * it does not run the tool. What a tool returns or throws is recorded even if the thread was cancelled meanwhile, because
 * it has happened.
 */
export const runTool: Effect<"run_tool"> = async function* ({ callId }, thread, agent, context) {
  const attempt = attemptOf(callId, thread, agent, context);
  yield write({ type: "tool_started", data: attempt.reserve });
  const event = await outcomeOf(attempt);
  const soon = isIdempotent(attempt.definition) && event.type === "tool_finished";
  yield { events: [event], when: soon ? "soon" : "now", onConflict: "keep" };
  yield* writeOutcomes([attempt], [event]);
};

export function attemptOf(callId: CallId, thread: Thread, agent: Agent, context: EffectContext): Attempt {
  const call = callOf(thread, callId);
  const definition = definitionOf(agent, call.step.intent, "tool");
  return { call, definition, reserve: reserveTool(callId, thread), thread, agent, context };
}

/** What is written before the tool runs: the same key in every process, the number of the attempt. Pure. */
export function reserveTool(callId: CallId, thread: Thread): EventData["tool_started"] {
  const { phase, step } = callOf(thread, callId);
  const before = phase.kind === "started" || phase.kind === "to_run_again" ? phase : null;
  return {
    callId,
    intent: step.intent,
    key: before?.key ?? `${thread.id}:${callId}`,
    attempt: (before?.attempt ?? 0) + 1,
  };
}

export const markUnknown: Effect<"mark_unknown"> = ({ callId }) => [
  write({
    type: "tool_unknown",
    data: { callId, reason: "the process ended before the outcome was recorded" },
  }),
];

/**
 * What is done once the outcomes of calls are recorded, so that nothing is lost if it fails or a crash prevents it. Works
 * with the results as they are in the thread.
 */
export async function* writeOutcomes(
  attempts: readonly Attempt[],
  events: readonly NewEvent[],
): AsyncGenerator<Write> {
  const summaries = attempts.map(async (attempt, index) => {
    const { definition, thread, agent } = attempt;
    const event = events[index];
    const { summarize, cacheScope } = definition.options;
    if (event?.type !== "tool_finished" || (summarize === undefined && cacheScope === undefined))
      return undefined;
    const [stored] = toStore([event], thread, agent);
    if (stored?.type !== "tool_finished") return undefined;
    await keepResult(attempt, stored.data);
    return summaryOf(attempt, stored.data);
  });
  for (const summary of await Promise.all(summaries)) if (summary !== undefined) yield summary;
}

type Compacted = Pick<EventData["context_compacted"], "replacement" | "error" | "completions">;

async function summaryOf(attempt: Attempt, finished: EventData["tool_finished"]): Promise<Write | undefined> {
  const { agent, call, thread, definition, context } = attempt;
  const { summarize } = definition.options;
  if (summarize === undefined) return undefined;
  const helper = createHelper(thread, { model: context.model, signal: signalForTool(context) });
  let made: Compacted;
  try {
    const summary = await definition.options.summarize?.(finished.result, call.step, helper);
    if (summary === undefined && helper.countSpent().completions === undefined) return undefined;
    made = summary === undefined ? {} : { replacement: toJson(summary) };
  } catch (error) {
    made = { error: compactError(error, (text) => agent.context.hide(text, thread, call.step)) };
  }
  const data = { ...made, ...helper.countSpent(), method: "summarize_result" } as const;
  const events = ({ events: all }: Thread): NewEvent[] => {
    const seq = all.findLast(
      (event) => event.type === "tool_finished" && event.data.callId === call.callId,
    )?.seq;
    return seq === undefined ? [] : [{ type: "context_compacted", data: { from: seq, to: seq, ...data } }];
  };
  return { events, when: "soon", onConflict: "keep" };
}

/** Runs the tool, or takes the result of an earlier call. Never throws: what the tool throws is an outcome, too. */
export async function outcomeOf(attempt: Attempt): Promise<NewEvent> {
  const { agent, call, context, definition, thread } = attempt;
  const { callId } = call;
  const { timeoutMs: ms } = definition.options;
  const stop = signalForTool(context);
  let late: AbortSignal | undefined;
  let helper: Helper | undefined;
  try {
    const reused = await reusedResult(attempt);
    if (reused !== undefined) return reused;
    const begin = (signal: AbortSignal) => {
      helper = createHelper(thread, { model: context.model, signal });
      return run(attempt, helper);
    };
    if (ms === undefined) return await begin(stop);
    // A tool that ignores its signal must not hold up the thread for ever; one that is stopped may still say how it ended.
    const beginInTime = (timeUp: AbortSignal) => {
      late = timeUp;
      return begin(AbortSignal.any([stop, timeUp]));
    };
    return await withDeadline(beginInTime, { ms });
  } catch (error) {
    const spent = helper?.countSpent();
    // If it was cut off in the middle, nobody knows whether it happened; a harmless tool has simply failed.
    if ((late?.aborted || stop.aborted) && !isIdempotent(definition)) {
      const reason = late?.aborted ? `it did not answer within ${ms} ms` : "it was interrupted";
      return { type: "tool_unknown", data: { callId, reason, ...spent } };
    }
    const hide = (text: string) => agent.context.hide(text, thread, call.step);
    return { type: "tool_failed", data: { callId, error: compactError(error, hide), ...spent } };
  }
}

async function run(
  { call, definition, agent, context, reserve }: Attempt,
  helper: Helper,
): Promise<NewEvent> {
  const { callId, key, attempt } = reserve;
  const { requester, approvedBy } = call;
  const { thread, model, signal, ask, countSpent } = helper;
  const names = definition.options.credentials ?? [];
  const credential = await credentialsFor(names, agent, requester, signal);
  const ids: ToolContext = {
    thread,
    model,
    signal,
    ask,
    threadId: thread.id,
    callId,
    requester,
    approvedBy,
    // Looked for only where it is asked for: the thread may be long.
    get untrusted() {
      return agent.context.untrustedIn(thread);
    },
    key,
    attempt,
    credential,
  };
  const returned = await definition.run(agent.context.forTool(call.step, thread), ids);
  if (isJobStart(returned)) {
    const data = await beginJob(returned, ids, context);
    return { type: "event_awaited", data: { ...data, ...countSpent() } };
  }
  return { type: "tool_finished", data: { callId, result: toJson(returned), ...countSpent() } };
}

/** The job has its token before the thread says that it waits: a crash in between is a crash of the tool. */
async function beginJob(
  job: JobStart,
  { threadId, callId }: ToolContext,
  { jobToken = createJobTokens().issue, clock }: EffectContext,
): Promise<EventData["event_awaited"]> {
  const token = jobToken(threadId, callId);
  await job.start(token);
  const { name, timeoutSeconds } = job;
  const data = { callId, name, tokenDigest: jobTokenDigest(token) };
  if (timeoutSeconds === undefined) return data;
  return { ...data, until: isoTime(clock.now() + timeoutSeconds * 1000) };
}
