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
import { completionsOf } from "../agent/budget.ts";
import { boolean, fields, optional } from "../base/checks.ts";
import type { CompletionRecord } from "../base/completion.ts";
import { TwelvefoldError } from "../base/errors.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import { checkOptions } from "../base/options.ts";
import type { Observer } from "../runtime/observers.ts";
import type { Step, ThreadEvent } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";
import {
  evaluationAttributes,
  inputMessages,
  outputMessages,
  requestAttributes,
  responseAttributes,
} from "./genai.ts";

/** The spans of one thread that is being advanced. */
interface Run {
  readonly span: Span;
  readonly context: Context;
  readonly tools: Map<CallId, Span>;
  /** Steps that the model has proposed meanwhile. */
  readonly steps: Map<CallId, Step>;
  /** The agent and the thread. */
  readonly about: Attributes;
}

/** A run that another process has taken over never ends here: beyond this many, the oldest is closed. */
const MAX_RUNS = 10_000;

export interface TraceOptions {
  /**
   * Also record what people, models and tools said, as people read it: messages, answers, arguments and results, without what
   * the agent hides. It goes to wherever your traces go. Default false.
   */
  readonly content?: boolean | undefined;
}

const OPTIONS = fields({ content: optional(boolean) });

/**
 * Creates an observer that makes OpenTelemetry spans according to the GenAI semantic conventions: `invoke_agent` from
 * the moment a thread has something to do until it waits and, within it, `chat` for each model call and `execute_tool`
 * for each tool; what a judge says of a step is an event `gen_ai.evaluation.result`. They hold names, times, token counts and
 * what the provider calls the answer, but no prompts, arguments or answers unless `content` says so. Does nothing unless the
 * application has set up a tracer provider.
 *
 * @example
 * const stop = runtime.subscribe(traceRuns());
 */
export function traceRuns(
  tracer: Tracer = trace.getTracer("twelvefold"),
  options: TraceOptions = {},
): Observer {
  checkOptions("traceRuns", OPTIONS, options);
  const runs = new Map<ThreadId, Run>();
  const tracing: Tracing = { tracer, runs, content: options.content === true };
  return (observation) => {
    if (observation.kind === "problem") {
      runs.get(observation.threadId)?.span.recordException(withoutWords(observation.error));
      return;
    }
    if (observation.kind !== "events") return;
    const { thread } = observation;
    const shown = tracing.content ? observation.show() : undefined;
    // Where it cannot be told what is hidden, nothing of what was said is recorded.
    const events = shown ?? observation.events;
    for (const event of events) record({ ...tracing, content: shown !== undefined }, thread, event);
    const kind = thread.state.status.kind;
    const run = runs.get(thread.id);
    if (kind === "running" || run === undefined) return;
    runs.delete(thread.id);
    end(run, thread, events.at(-1)?.at);
  };
}

interface Tracing {
  readonly tracer: Tracer;
  readonly runs: Map<ThreadId, Run>;
  readonly content: boolean;
}

function record({ tracer, runs, content }: Tracing, thread: ThreadHead, event: ThreadEvent): void {
  const at = Date.parse(event.at);
  const run = runs.get(thread.id) ?? begin(tracer, thread, at);
  runs.set(thread.id, run);
  if (runs.size > MAX_RUNS) forgetOldest(runs);
  for (const completion of completionsOf(event)) modelCall(tracer, run, completion, { at, content });
  const said = content ? inputMessages(event) : undefined;
  if (said !== undefined) run.span.setAttribute("gen_ai.input.messages", said);
  switch (event.type) {
    case "step_proposed":
      run.steps.set(event.data.callId, event.data.step);
      break;
    case "step_judged": {
      const intent = run.steps.get(event.data.callId)?.intent;
      const attributes = evaluationAttributes(event.data, { intent, content });
      run.span.addEvent("gen_ai.evaluation.result", attributes, at);
      break;
    }
    case "tool_started": {
      const { callId, intent, attempt } = event.data;
      const { intent: _, ...fields } = run.steps.get(callId) ?? { intent };
      const attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": intent,
        "gen_ai.tool.call.id": callId,
        "gen_ai.conversation.id": thread.id,
        "twelvefold.attempt": attempt,
        ...(content ? { "gen_ai.tool.call.arguments": JSON.stringify(fields) } : {}),
      };
      const span = tracer.startSpan(`execute_tool ${intent}`, { startTime: at, attributes }, run.context);
      run.tools.set(callId, span);
      break;
    }
    case "tool_failed":
      failTool(run, event.data.callId, event.data.error.name);
      endTool(run, event.data.callId, at);
      break;
    case "tool_unknown":
      failTool(run, event.data.callId, "unknown outcome");
      endTool(run, event.data.callId, at);
      break;
    case "tool_finished":
      if (content)
        run.tools
          .get(event.data.callId)
          ?.setAttribute("gen_ai.tool.call.result", JSON.stringify(event.data.result));
      endTool(run, event.data.callId, at);
      break;
    case "event_awaited":
      endTool(run, event.data.callId, at);
      break;
    default:
      break;
  }
}

function failTool(run: Run, callId: CallId, message: string): void {
  const span = run.tools.get(callId);
  span?.setStatus({ code: SpanStatusCode.ERROR, message });
  span?.setAttribute("error.type", message);
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
  const about = { "gen_ai.agent.name": agent, "gen_ai.conversation.id": thread.id };
  const attributes = { "gen_ai.operation.name": "invoke_agent", ...about };
  const span = tracer.startSpan(`invoke_agent ${agent}`, { startTime: at, attributes }, ROOT_CONTEXT);
  const context = trace.setSpan(ROOT_CONTEXT, span);
  return { span, context, tools: new Map(), steps: new Map(), about };
}

function modelCall(
  tracer: Tracer,
  run: Run,
  completion: CompletionRecord,
  { at, content }: { readonly at: number; readonly content: boolean },
): void {
  const request = requestAttributes(completion.client);
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.output.type": "json",
    ...run.about,
    ...request,
    ...responseAttributes(completion),
    ...(content ? { "gen_ai.output.messages": outputMessages(completion) } : {}),
  };
  const options = { kind: SpanKind.CLIENT, startTime: at - completion.durationMs, attributes };
  tracer.startSpan(`chat ${request["gen_ai.request.model"]}`, options, run.context).end(at);
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

/** What kind of error it was. Its words may repeat what was said. */
function withoutWords(error: unknown): {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
} {
  const name = error instanceof Error ? error.name : "Error";
  return TwelvefoldError.isInstance(error)
    ? { name, code: error.code, message: error.code }
    : { name, message: "" };
}
