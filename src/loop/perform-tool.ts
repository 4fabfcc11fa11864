import type { Agent } from "../agent/agent.ts";
import { isoTime } from "../base/clock.ts";
import { type Json, toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { ToolContext, ToolStep } from "../steps/definitions.ts";
import { isIdempotent } from "../steps/permission.ts";
import { isJobStart, type JobStart, jobTokenDigest, jobTokens } from "../steps/start-job.ts";
import type { EventData, NewEvent, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { cachedResult } from "./cached-result.ts";
import type { Command } from "./command.ts";
import { type Write, write } from "./journal.ts";
import type { LoopTools } from "./perform.ts";

/**
 * Reserve, execute, settle. The reserve is on disk before the tool runs, and whoever loses it does not run the tool.
 * What a tool returns or throws is recorded even if the thread was cancelled meanwhile: it happened.
 */
export async function* runTool(
  { call, definition }: Extract<Command, { type: "run_tool" }>,
  thread: Thread,
  agent: Agent,
  tools: LoopTools,
): AsyncGenerator<Write> {
  const { callId, phase, step } = call;
  const before = phase.kind === "started" || phase.kind === "to_run_again" ? phase : null;
  const key = before?.key ?? `${thread.id}:${callId}`;
  const attempt = (before?.attempt ?? 0) + 1;
  yield write({ type: "tool_started", data: { callId, intent: step.intent, key, attempt } });

  const idempotent = isIdempotent(definition);
  const ids = { threadId: thread.id, thread, callId, key, attempt };
  const event =
    fromCache(definition, call, thread, tools) ??
    (await outcome(definition, agent.context.forTool(step, thread), ids, tools, idempotent, (text) =>
      agent.context.hide(text, thread, step),
    ));
  const stored = agent.context.forStore(event, thread);
  const soon = idempotent && event.type !== "event_awaited";
  yield { events: [stored], when: soon ? "soon" : "now", onConflict: "keep" };
  if (stored.type === "tool_finished") yield* summarizeResult(definition, step, stored.data, tools);
}

function fromCache(
  { options: { cacheSeconds } }: ToolStep<Step>,
  { callId, step }: OpenCall,
  thread: Thread,
  { clock }: LoopTools,
): NewEvent | undefined {
  const cached =
    cacheSeconds === undefined ? undefined : cachedResult(thread, step, cacheSeconds, clock.now());
  if (cached === undefined) return undefined;
  return { type: "tool_finished", data: { callId, result: cached.data.result, cachedFrom: cached.seq } };
}

/** After the result is recorded: a summary that fails, or never comes about in a crash, loses nothing. */
async function* summarizeResult(
  { options: { summarize } }: ToolStep<Step>,
  step: Step,
  { callId, result }: EventData["tool_finished"],
  { toolSignal, signal }: LoopTools,
): AsyncGenerator<Write> {
  if (summarize === undefined) return;
  let summary: unknown;
  try {
    summary = await summarize(result, step, { signal: toolSignal ?? signal });
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

async function outcome(
  definition: ToolStep<Step>,
  step: Step,
  ids: Omit<ToolContext, "signal">,
  tools: LoopTools,
  idempotent: boolean,
  hide: (text: string) => string,
): Promise<NewEvent> {
  const { callId } = ids;
  const stop = tools.toolSignal ?? tools.signal;
  const { timeoutMs } = definition.options;
  const timeUp = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signal = timeUp === undefined ? stop : AbortSignal.any([stop, timeUp]);
  try {
    const returned = await raced(definition.run(step, { ...ids, signal }), timeUp);
    if (isJobStart(returned)) return await beginJob(returned, ids, tools, timeUp);
    const result: Json = toJson(returned);
    return { type: "tool_finished", data: { callId, result } };
  } catch (error) {
    // Cut off in the middle, nobody knows whether it happened; a harmless tool has simply failed.
    if (signal.aborted && !idempotent) {
      const why = timeUp?.aborted ? `it did not answer within ${timeoutMs} ms` : "it was interrupted";
      return { type: "tool_unknown", data: { callId, reason: why } };
    }
    return { type: "tool_failed", data: { callId, error: compactError(error, hide) } };
  }
}

/** The job has its token before the thread says that it waits: a crash in between is a crash of the tool. */
async function beginJob(
  job: JobStart,
  { threadId, callId }: Pick<ToolContext, "threadId" | "callId">,
  { jobToken = jobTokens(), clock }: LoopTools,
  timeUp: AbortSignal | undefined,
): Promise<NewEvent> {
  const token = jobToken(threadId, callId);
  await raced(job.start(token), timeUp);
  const { name, timeoutSeconds } = job;
  const data = { callId, name, tokenDigest: jobTokenDigest(token) };
  if (timeoutSeconds === undefined) return { type: "event_awaited", data };
  return { type: "event_awaited", data: { ...data, until: isoTime(clock.now() + timeoutSeconds * 1000) } };
}

/** A tool that ignores its signal does not hold the thread for ever. */
function raced(result: unknown, timeUp: AbortSignal | undefined): Promise<unknown> {
  if (timeUp === undefined) return Promise.resolve(result);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(timeUp.reason);
  timeUp.addEventListener("abort", onAbort, { once: true });
  return Promise.race([result, promise]).finally(() => timeUp.removeEventListener("abort", onAbort));
}
