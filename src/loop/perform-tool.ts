import type { Agent } from "../agent/agent.ts";
import { toStore } from "../agent/to-store.ts";
import { isoTime } from "../base/clock.ts";
import { withDeadline } from "../base/deadlines.ts";
import { type Json, toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { ToolContext, ToolStep } from "../steps/definitions.ts";
import { isIdempotent } from "../steps/permission.ts";
import { createJobTokens, isJobStart, type JobStart, jobTokenDigest } from "../steps/start-job.ts";
import type { EventData, NewEvent, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { cachedResult } from "./cached-result.ts";
import type { Command } from "./command.ts";
import { callOf, definitionOf, type Effect, type EffectContext } from "./effect.ts";
import { type Write, write } from "./journal.ts";

/**
 * Reserves, executes and settles a call. The reserve is on disk before the tool runs, and a worker that loses the race for
 * it does not run the tool. What a tool returns or throws is recorded even if the thread was cancelled meanwhile, because
 * it has happened.
 */
export const runTool: Effect<"run_tool"> = async function* (command, thread, agent, context) {
  const definition = definitionOf(agent, command.intent, "tool");
  const call = callOf(thread, command.callId);
  const reserve = reserveTool(command, thread);
  yield write({ type: "tool_started", data: reserve });

  const idempotent = isIdempotent(definition);
  const event =
    fromCache(definition, call, thread, context) ??
    (await outcome(definition, call.step, { thread, agent, context, reserve }));
  const soon = idempotent && event.type !== "event_awaited";
  yield { events: [event], when: soon ? "soon" : "now", onConflict: "keep" };
  const [stored] = toStore([event], thread, agent);
  if (stored?.type === "tool_finished") yield* summarizeResult(definition, call, stored.data.result, context);
};

/** What is written before the tool runs: the same key in every process, the number of the attempt. Pure. */
export function reserveTool(
  { callId, intent }: Command<"run_tool">,
  thread: Thread,
): EventData["tool_started"] {
  const { phase } = callOf(thread, callId);
  const before = phase.kind === "started" || phase.kind === "to_run_again" ? phase : null;
  return {
    callId,
    intent,
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

function fromCache(
  { options: { cacheSeconds } }: ToolStep<Step>,
  { callId, step }: OpenCall,
  thread: Thread,
  { clock }: EffectContext,
): NewEvent | undefined {
  const cached =
    cacheSeconds === undefined ? undefined : cachedResult(thread, step, cacheSeconds, clock.now());
  if (cached === undefined) return undefined;
  return { type: "tool_finished", data: { callId, result: cached.data.result, cachedFrom: cached.seq } };
}

/**
 * Runs after the result is recorded, so that nothing is lost if the summary fails or a crash prevents it. It summarises the
 * result as it is in the thread.
 */
async function* summarizeResult(
  { options: { summarize } }: ToolStep<Step>,
  { callId, step }: OpenCall,
  result: Json,
  { toolSignal, signal }: EffectContext,
): AsyncGenerator<Write> {
  let summary: unknown;
  try {
    summary = await summarize?.(result, step, { signal: toolSignal ?? signal });
  } catch {
    return;
  }
  if (summary === undefined) return;
  const replacement = toJson(summary);
  const events = ({ events: all }: Thread): NewEvent[] => {
    const seq = all.findLast((event) => event.type === "tool_finished" && event.data.callId === callId)?.seq;
    if (seq === undefined) return [];
    return [
      { type: "context_compacted", data: { from: seq, to: seq, method: "summarize_result", replacement } },
    ];
  };
  yield { events, when: "soon", onConflict: "keep" };
}

/** Everything about the attempt that runs. */
interface Attempt {
  readonly thread: Thread;
  readonly agent: Agent;
  readonly context: EffectContext;
  readonly reserve: EventData["tool_started"];
}

async function outcome(definition: ToolStep<Step>, step: Step, attempt: Attempt): Promise<NewEvent> {
  const { thread, agent, context } = attempt;
  const { callId } = attempt.reserve;
  const { timeoutMs: ms } = definition.options;
  const stop = context.toolSignal ?? context.signal;
  let late: AbortSignal | undefined;
  try {
    // A tool that ignores its signal must not hold up the thread for ever; one that is stopped may still say how it ended.
    return await withDeadline(
      (timeUp) => {
        late = timeUp;
        const signal = ms === undefined ? stop : AbortSignal.any([stop, timeUp]);
        return run(definition, agent.context.forTool(step, thread), attempt, signal);
      },
      { ms },
    );
  } catch (error) {
    // If it was cut off in the middle, nobody knows whether it happened; a harmless tool has simply failed.
    if ((late?.aborted || stop.aborted) && !isIdempotent(definition)) {
      const reason = late?.aborted ? `it did not answer within ${ms} ms` : "it was interrupted";
      return { type: "tool_unknown", data: { callId, reason } };
    }
    const hide = (text: string) => agent.context.hide(text, thread, step);
    return { type: "tool_failed", data: { callId, error: compactError(error, hide) } };
  }
}

async function run(
  definition: ToolStep<Step>,
  step: Step,
  { thread, context, reserve: { callId, key, attempt } }: Attempt,
  signal: AbortSignal,
): Promise<NewEvent> {
  const { requester, approvedBy } = callOf(thread, callId);
  const ids: ToolContext = {
    threadId: thread.id,
    thread,
    callId,
    requester,
    approvedBy,
    key,
    attempt,
    signal,
  };
  const returned = await definition.run(step, ids);
  if (isJobStart(returned)) return { type: "event_awaited", data: await beginJob(returned, ids, context) };
  return { type: "tool_finished", data: { callId, result: toJson(returned) } };
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
