import { z } from "zod";
import { TwelvefoldError, UsageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";
import { visible } from "../present/visible-text.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { HumanDecision } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { describeRequest, respondTo, whyAsked } from "./chat/answer.ts";
import { type ChatName, chatKey, findChat, sendMessage } from "./chat/chats.ts";
import { eventStream, followThread, type Happening } from "./chat/follow.ts";
import { type PartialPart, PartialParts } from "./chat/partial-parts.ts";
import type { ChatPart } from "./chat/parts.ts";
import { type Protocol, type ProtocolCaller, type ProtocolRequest, requireMay } from "./protocol.ts";

const id = z.string().min(1).max(500);
const text = z.string().max(1_000_000);
const content = z.union([
  text,
  z.array(z.object({ type: z.string(), text: text.optional() }).loose()).max(1000),
]);
const runInput = z
  .object({
    threadId: id,
    runId: id,
    messages: z.array(z.object({ id, role: z.string(), content: content.optional() }).loose()).max(10_000),
    resume: z
      .array(
        z.object({
          interruptId: id,
          status: z.enum(["resolved", "cancelled"]),
          payload: z.unknown().optional(),
        }),
      )
      .max(10)
      .optional(),
  })
  .loose();
type RunInput = z.infer<typeof runInput>;

const payload = z.union([
  z.object({ decision: z.literal("approve"), digest: z.string().nullable().optional() }),
  z.object({
    decision: z.literal("deny"),
    digest: z.string().nullable().optional(),
    feedback: text.optional(),
  }),
  z.object({ answer: text }),
]);

/**
 * The runtime's agents over AG-UI 1.0, at `POST /ag-ui/{agent}`: a run sends the new messages and streams what happens until the
 * thread waits or has ended. What it asks people ends a run as an interrupt; a later run answers it with `resume`.
 */
export function agUi({ runtime }: { readonly runtime: Runtime }): Protocol {
  return {
    name: "ag-ui",
    routes: [{ method: "post", path: "/ag-ui/:agent", handle: (call) => run(call, runtime) }],
  };
}

async function run({ body, params, caller }: ProtocolRequest, runtime: Runtime): Promise<Response> {
  for (const scope of ["read", "launch"] as const) requireMay(caller, scope);
  const parsed = runInput.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError("invalid_argument", `${issue?.path.join(".")}: ${issue?.message}`);
  }
  const input = parsed.data;
  const name = { protocol: "ag-ui", agent: params["agent"] ?? "", id: input.threadId, caller };
  const { threadId, after } = await begin(input, name, runtime);
  return eventStream((signal) => runEvents({ input, threadId, after }, { runtime, caller }, signal));
}

/** Does what the run asks for, once: the same run again only shows what came of it. */
async function begin(
  input: RunInput,
  name: ChatName,
  runtime: Runtime,
): Promise<{ readonly threadId: ThreadId; readonly after: number }> {
  const key = `${chatKey(name)}:run:${input.runId}`;
  const known = await findChat(name, runtime);
  const started = await runtime.store.getValue(key);
  if (known !== undefined && started !== undefined)
    return { threadId: known.threadId, after: Number(started) };
  const resume = input.resume ?? [];
  const message = lastMessage(input);
  let after = known === undefined ? 0 : (await runtime.store.state(known.threadId)).seq;
  let threadId = known?.threadId;
  for (const { interruptId, status, payload: given } of resume) {
    if (status === "cancelled") continue;
    // Only of the conversation's own thread: what it says of others is not looked at.
    if (threadId === undefined || !interruptId.startsWith(`${threadId}.`))
      throw new UsageError(
        "invalid_argument",
        `there is no interrupt ${interruptId.slice(0, 80)} in this thread`,
      );
    await respondTo(interruptId, decisionIn(given), name.caller, runtime);
  }
  if (resume.length === 0) {
    if (message === undefined) throw new UsageError("invalid_argument", "there is no message of the user");
    ({ threadId, before: after } = await sendMessage(name, message, runtime));
  }
  if (threadId === undefined) throw new UsageError("invalid_argument", "there is no thread to go on with");
  await runtime.store.setValue(key, String(after), undefined, { about: threadId });
  return { threadId, after };
}

function lastMessage({ messages }: RunInput): { readonly id: string; readonly text: string } | undefined {
  const last = messages.findLast(({ role }) => role === "user");
  if (last?.content === undefined) return undefined;
  const words =
    typeof last.content === "string" ? last.content : last.content.map((part) => part.text ?? "").join("\n");
  return { id: last.id, text: words };
}

function decisionIn(given: unknown): { readonly decision: HumanDecision; readonly digest: string | null } {
  const parsed = payload.safeParse(given);
  if (!parsed.success) {
    const valid = '{ decision: "approve", digest }, { decision: "deny", digest, feedback } or { answer }';
    throw new UsageError("invalid_argument", `a resume's payload is ${valid}`);
  }
  if ("answer" in parsed.data)
    return { decision: { kind: "answered", text: parsed.data.answer }, digest: null };
  const { digest = null } = parsed.data;
  if (parsed.data.decision === "approve") return { decision: { kind: "approved" }, digest };
  return { decision: { kind: "denied", feedback: parsed.data.feedback ?? "" }, digest };
}

interface Run {
  readonly input: RunInput;
  readonly threadId: ThreadId;
  readonly after: number;
}

type AgUiEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

async function* runEvents(
  { input, threadId, after }: Run,
  { runtime, caller }: { readonly runtime: Runtime; readonly caller: ProtocolCaller },
  signal: AbortSignal,
) {
  const ids = { threadId: input.threadId, runId: input.runId };
  yield line({ type: "RUN_STARTED", ...ids });
  const about = { runtime, caller, ids, partials: new PartialParts() };
  try {
    for await (const happening of followThread(runtime, { threadId, after }, caller, signal))
      for (const event of eventsOf(happening, about)) yield line(event);
  } catch (error) {
    const message = TwelvefoldError.isInstance(error) ? error.message : "something went wrong here";
    yield line({ type: "RUN_ERROR", message });
  }
}

function line(event: AgUiEvent) {
  return { data: JSON.stringify(event) };
}

interface About {
  readonly runtime: Runtime;
  readonly caller: ProtocolCaller;
  readonly ids: { readonly threadId: string; readonly runId: string };
  readonly partials: PartialParts;
}

function eventsOf(happening: Happening, about: About): readonly AgUiEvent[] {
  const { partials } = about;
  const settleAll = () => partials.settle(undefined).parts.flatMap(partialEvents);
  switch (happening.kind) {
    case "part": {
      const { parts, isPart } = partials.settle(happening.part, happening.seq);
      const events = parts.flatMap(partialEvents);
      return isPart ? events : [...events, ...partEvents(happening.part, happening.seq)];
    }
    case "partial":
      return partials.update(happening.partial, happening.seq, happening.agent).flatMap(partialEvents);
    case "settled":
      return [...settleAll(), endOf(happening.thread, about)];
    case "problem": {
      const message = "the thread could not be advanced; it is tried again later";
      return [...settleAll(), { type: "RUN_ERROR", message }];
    }
    default:
      return happening satisfies never;
  }
}

/** Words are shown while they come. What a client has read of a call's input it cannot take back, so a call comes whole. */
function partialEvents(part: PartialPart): readonly AgUiEvent[] {
  switch (part.kind) {
    case "text_begun":
      return [{ type: "TEXT_MESSAGE_START", messageId: part.id, role: "assistant" }];
    case "text_more":
      return [{ type: "TEXT_MESSAGE_CONTENT", messageId: part.id, delta: part.text }];
    case "text_ended":
      return [{ type: "TEXT_MESSAGE_END", messageId: part.id }];
    case "call_begun":
    case "call_more":
    case "call_dropped":
      return [];
    default:
      return part satisfies never;
  }
}

function partEvents(part: ChatPart, seq: number): readonly AgUiEvent[] {
  const messageId = `msg_${seq}`;
  const result = (toolCallId: string, output: Json) => [
    {
      type: "TOOL_CALL_RESULT",
      messageId,
      toolCallId,
      role: "tool",
      content: typeof output === "string" ? output : JSON.stringify(output),
    },
  ];
  switch (part.kind) {
    case "call":
      return [
        { type: "TOOL_CALL_START", toolCallId: part.callId, toolCallName: part.name },
        { type: "TOOL_CALL_ARGS", toolCallId: part.callId, delta: JSON.stringify(part.input) },
        { type: "TOOL_CALL_END", toolCallId: part.callId },
      ];
    case "result":
      return result(part.callId, part.output);
    case "error":
      return result(part.callId, `Error: ${part.text}`);
    case "denied":
      return result(part.callId, part.text === "" ? "Denied" : `Denied: ${part.text}`);
    case "text":
      return [
        { type: "TEXT_MESSAGE_START", messageId: part.id, role: "assistant" },
        // An empty delta is not valid.
        ...(part.text === "" ? [] : [{ type: "TEXT_MESSAGE_CONTENT", messageId: part.id, delta: part.text }]),
        { type: "TEXT_MESSAGE_END", messageId: part.id },
      ];
    case "progress":
      return [{ type: "CUSTOM", name: "progress", value: part.text }];
    default:
      return part satisfies never;
  }
}

function endOf(thread: Thread, { runtime, caller, ids }: About): AgUiEvent {
  const { status } = thread.state;
  const finished = { type: "RUN_FINISHED", ...ids };
  const request = pendingRequest(thread);
  if (status.kind === "failed") return { type: "RUN_ERROR", message: visible(status.error.message) };
  if (status.kind === "cancelled") return { ...finished, outcome: { type: "cancelled" } };
  if (request !== null) {
    return {
      ...finished,
      outcome: { type: "interrupt", interrupts: [interruptOf(request, caller, runtime)] },
    };
  }
  const result = status.kind === "finished" ? status.result : { status: status.kind };
  return { ...finished, result, outcome: { type: "success" } };
}

function interruptOf(request: HumanRequest, caller: ProtocolCaller, runtime: Runtime) {
  const { asked, kind, expiresAt } = request;
  const descriptor = describeRequest(request, caller, runtime);
  const why = whyAsked(request);
  return {
    id: request.id,
    reason: kind === "approval" ? "tool_call" : "input_required",
    message: why === "" ? descriptor.card : `${descriptor.card}\n${why}`,
    ...(asked.callId === undefined || asked.type !== "approval" ? {} : { toolCallId: asked.callId }),
    responseSchema: schemaOf(request),
    ...(expiresAt === null ? {} : { expiresAt }),
    metadata: { ...descriptor, kind },
  };
}

function schemaOf({ accepts, asked, digest }: HumanRequest): object {
  const words = { type: "string" };
  const { format, choices } = asked.type === "question" ? (asked.options ?? {}) : {};
  const valid = format === "yes_no" ? ["yes", "no"] : format === "multiple_choice" ? choices : undefined;
  const answer = {
    type: "object",
    properties: { answer: valid === undefined ? words : { ...words, enum: [...valid] } },
    required: ["answer"],
  };
  if (!accepts.includes("approved")) return answer;
  const decision = {
    type: "object",
    properties: {
      decision: { ...words, enum: ["approve", "deny"] },
      feedback: words,
      ...(digest === null ? {} : { digest: { const: digest } }),
    },
    required: digest === null ? ["decision"] : ["decision", "digest"],
  };
  return accepts.includes("answered") ? { anyOf: [decision, answer] } : decision;
}
