import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { CompletionRecord } from "../base/completion.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";

/** The spans of one thread that is being advanced. */
interface Run {
  readonly span: Span;
  readonly context: Context;
  readonly tools: Map<CallId, Span>;
}

/** A run that another process has taken over never ends here: beyond this many, the oldest is closed. */
const MAX_RUNS = 10_000;

/**
 * Creates an observer that makes OpenTelemetry spans according to the GenAI semantic conventions: `invoke_agent` from
 * the moment a thread has something to do until it waits and, within it, `chat` for each model call and `execute_tool`
 * for each tool. They hold names, times and token counts, but no prompts, arguments or answers. Does nothing unless the
 * application has set up a tracer provider.
 *
 * @example
 * const stop = runtime.subscribe(traceRuns());
 */
export function traceRuns(tracer: Tracer = trace.getTracer("twelvefold")): Observer {
  const runs = new Map<ThreadId, Run>();
  return (observation) => {
    if (observation.kind === "problem") {
      runs.get(observation.threadId)?.span.recordException(asError(observation.error));
      return;
    }
    if (observation.kind !== "events") return;
    const { thread, events } = observation;
    for (const event of events) record(tracer, runs, thread, event);
    const kind = thread.state.status.kind;
    const run = runs.get(thread.id);
    if (kind === "running" || run === undefined) return;
    runs.delete(thread.id);
    end(run, thread, events.at(-1)?.at);
  };
}

function record(tracer: Tracer, runs: Map<ThreadId, Run>, thread: ThreadHead, event: ThreadEvent): void {
  const at = Date.parse(event.at);
  const run = runs.get(thread.id) ?? begin(tracer, thread, at);
  runs.set(thread.id, run);
  if (runs.size > MAX_RUNS) forgetOldest(runs);
  switch (event.type) {
    case "step_proposed":
    case "step_refused":
      if (event.data.completion !== undefined) modelCall(tracer, run, event.data.completion, at);
      break;
    case "tool_started": {
      const { callId, intent, attempt } = event.data;
      const attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": intent,
        "gen_ai.tool.call.id": callId,
        "twelvefold.attempt": attempt,
      };
      const span = tracer.startSpan(`execute_tool ${intent}`, { startTime: at, attributes }, run.context);
      run.tools.set(callId, span);
      break;
    }
    case "tool_failed":
      run.tools
        .get(event.data.callId)
        ?.setStatus({ code: SpanStatusCode.ERROR, message: event.data.error.name });
      endTool(run, event.data.callId, at);
      break;
    case "tool_unknown":
      run.tools.get(event.data.callId)?.setStatus({ code: SpanStatusCode.ERROR, message: "unknown outcome" });
      endTool(run, event.data.callId, at);
      break;
    case "tool_finished":
    case "event_awaited":
      endTool(run, event.data.callId, at);
      break;
    default:
      break;
  }
}

function forgetOldest(runs: Map<ThreadId, Run>): void {
  for (const [threadId, { span, tools }] of runs) {
    for (const tool of tools.values()) tool.end();
    span.end();
    runs.delete(threadId);
    return;
  }
}

function begin(tracer: Tracer, thread: ThreadHead, at: number): Run {
  const { agent } = thread.state;
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": agent,
    "gen_ai.conversation.id": thread.id,
  };
  const span = tracer.startSpan(`invoke_agent ${agent}`, { startTime: at, attributes }, ROOT_CONTEXT);
  return { span, context: trace.setSpan(ROOT_CONTEXT, span), tools: new Map() };
}

function modelCall(tracer: Tracer, run: Run, completion: CompletionRecord, end: number): void {
  const { client, usage, durationMs } = completion;
  const slash = client.indexOf("/");
  const model = slash < 0 ? client : client.slice(slash + 1);
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": model,
    ...(slash < 0 ? {} : { "gen_ai.provider.name": client.slice(0, slash) }),
    ...(usage === null
      ? {}
      : {
          "gen_ai.usage.input_tokens": usage.inputTokens,
          "gen_ai.usage.output_tokens": usage.outputTokens,
        }),
  };
  const options = { kind: SpanKind.CLIENT, startTime: end - durationMs, attributes };
  tracer.startSpan(`chat ${model}`, options, run.context).end(end);
}

function endTool(run: Run, callId: CallId, at: number): void {
  run.tools.get(callId)?.end(at);
  run.tools.delete(callId);
}

function end(run: Run, { state }: ThreadHead, at: string | undefined): void {
  const time = at === undefined ? undefined : Date.parse(at);
  for (const span of run.tools.values()) span.end(time);
  run.span.setAttribute("twelvefold.status", state.status.kind);
  if (state.status.kind === "failed") {
    run.span.setStatus({ code: SpanStatusCode.ERROR, message: state.status.error.name });
  }
  run.span.end(time);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
