import { z } from "zod";
import { TwelvefoldError, UsageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";
import { visible } from "../present/visible-text.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { describeRequest, respondTo, whyAsked } from "./chat/answer.ts";
import {
  type ChatMessage,
  type ChatName,
  findChat,
  findMessage,
  keepMessage,
  type Sent,
  sendMessage,
} from "./chat/chats.ts";
import { eventStream, followThread, type Happening } from "./chat/follow.ts";
import { type PartialPart, PartialParts } from "./chat/partial-parts.ts";
import type { ChatPart } from "./chat/parts.ts";
import {
  mayAnswer,
  type Protocol,
  type ProtocolCaller,
  type ProtocolRequest,
  requireMay,
} from "./protocol.ts";

const id = z.string().min(1).max(500);
const text = z.string().max(1_000_000);
const approval = z
  .object({
    id,
    approved: z.boolean().optional(),
    reason: text.optional(),
    descriptor: z.object({ digest: z.string().nullable() }).loose().optional(),
  })
  .loose();
const part = z
  .object({
    type: z.string(),
    text: text.optional(),
    state: z.string().optional(),
    approval: approval.optional(),
  })
  .loose();
const message = z
  .object({ id, role: z.enum(["user", "assistant", "system"]), parts: z.array(part).max(5000) })
  .loose();
const chatInput = z.object({ id, messages: z.array(message).min(1).max(5000) }).loose();
type Message = z.infer<typeof message>;

type Chunk = { readonly type: string } & Readonly<Record<string, unknown>>;

const HEADERS = { "x-vercel-ai-ui-message-stream": "v1" };

/**
 * The runtime's agents for the AI SDK's `useChat`, at `POST /ai-sdk/{agent}`, and `GET /ai-sdk/{agent}/{chat}/stream` to take up a stream
 * again. Tool calls are dynamic tools; what needs approval is a tool approval request, with the card and its digest in the descriptor.
 */
export function aiSdkUi({ runtime }: { readonly runtime: Runtime }): Protocol {
  return {
    name: "ai-sdk-ui",
    routes: [
      { method: "post", path: "/ai-sdk/:agent", handle: (call) => chat(call, runtime) },
      { method: "get", path: "/ai-sdk/:agent/:chat/stream", handle: (call) => takeUp(call, runtime) },
    ],
  };
}

async function chat({ body, params, caller }: ProtocolRequest, runtime: Runtime): Promise<Response> {
  for (const scope of ["read", "launch"] as const) requireMay(caller, scope);
  const parsed = chatInput.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError("invalid_argument", `${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { messages } = parsed.data;
  const name = { protocol: "ai-sdk-ui", agent: params["agent"] ?? "", id: parsed.data.id, caller };
  const last = messages.at(-1);
  if (last?.role === "assistant") return goOn(last, name, runtime);
  if (last?.role !== "user") throw new UsageError("invalid_argument", "the last message is not of the user");
  const words = last.parts.flatMap((one) => (one.type === "text" ? [one.text ?? ""] : [])).join("\n");
  const { threadId, before } = await say(name, { id: last.id, text: words }, runtime);
  return stream({ threadId, after: before, messageId: `msg_${before + 1}` }, caller, runtime);
}

/** A message answers the question that the thread waits with, where this caller may; otherwise it is a message. */
async function say(name: ChatName, message: ChatMessage, runtime: Runtime): Promise<Sent> {
  const earlier = await findMessage(name, message, runtime);
  if (earlier !== undefined) return earlier;
  const known = await findChat(name, runtime);
  const state = known === undefined ? undefined : await runtime.store.state(known.threadId);
  const request =
    known === undefined || state === undefined ? null : pendingRequest({ id: known.threadId, state });
  const before = state?.seq ?? 0;
  if (known !== undefined && request?.kind === "question" && mayAnswer(request, name.caller, runtime)) {
    const decision = { kind: "answered", text: message.text } as const;
    await runtime.respond(request.id, { decision, digest: null }, name.caller.principal);
    const sent = { threadId: known.threadId, before };
    await keepMessage(name, message, sent, runtime);
    return sent;
  }
  return sendMessage(name, message, runtime);
}

/** The last message holds the person's decisions. They count by the request and the digest that they name, and in no other way. */
async function goOn(last: Message, name: ChatName, runtime: Runtime): Promise<Response> {
  const known = await findChat(name, runtime);
  if (known === undefined) throw new UsageError("invalid_argument", "this chat has not begun");
  const { threadId } = known;
  const { seq: after } = await runtime.store.state(threadId);
  const given = last.parts.flatMap((one) =>
    one.state === "approval-responded" && one.approval?.approved !== undefined ? [one.approval] : [],
  );
  const open = given.filter(({ id: requestId }) => requestId.startsWith(`${threadId}.`));
  const pending = pendingRequest({ id: threadId, state: await runtime.store.state(threadId) });
  // Older decisions stand in the message as well.
  const now = open.find(({ id: requestId }) => requestId === pending?.id) ?? open.at(-1);
  if (now === undefined)
    throw new UsageError("invalid_argument", "the last message decides nothing of this chat");
  const decision = now.approved
    ? ({ kind: "approved" } as const)
    : ({ kind: "denied", feedback: now.reason ?? "" } as const);
  await respondTo(now.id, { decision, digest: now.descriptor?.digest ?? null }, name.caller, runtime);
  return stream({ threadId, after, messageId: last.id }, name.caller, runtime);
}

/** What came since the user last spoke, from its beginning; 204 if nothing is going on. */
async function takeUp({ params, caller }: ProtocolRequest, runtime: Runtime): Promise<Response> {
  requireMay(caller, "read");
  const name = { protocol: "ai-sdk-ui", agent: params["agent"] ?? "", id: params["chat"] ?? "", caller };
  const known = await findChat(name, runtime);
  if (known === undefined) return new Response(null, { status: 204 });
  const { events, state } = await runtime.get(known.threadId);
  if (state.status.kind !== "running" && state.request === null) return new Response(null, { status: 204 });
  const turn = events.findLast(isSpoken)?.seq ?? 1;
  // A thread's first message is its second event.
  const after = turn === 2 ? 0 : turn - 1;
  return stream({ threadId: known.threadId, after, messageId: `msg_${after + 1}` }, caller, runtime);
}

function isSpoken(event: ThreadEvent): boolean {
  if (event.type === "human_responded") return event.data.decision.kind === "answered";
  return event.type === "message_received";
}

interface Streamed {
  readonly threadId: ThreadId;
  readonly after: number;
  readonly messageId: string;
}

function stream(streamed: Streamed, caller: ProtocolCaller, runtime: Runtime): Response {
  return eventStream((signal) => chunks(streamed, { runtime, caller }, signal), HEADERS);
}

interface About {
  readonly runtime: Runtime;
  readonly caller: ProtocolCaller;
}

async function* chunks({ messageId, ...watched }: Streamed, about: About, signal: AbortSignal) {
  yield line({ type: "start", messageId });
  const partials = new PartialParts();
  try {
    for await (const happening of followThread(about.runtime, watched, about.caller, signal)) {
      for (const chunk of chunksOf(happening, partials, about)) yield line(chunk);
      if (happening.kind === "settled" || happening.kind === "problem") yield { data: "[DONE]" };
    }
  } catch (error) {
    const errorText = TwelvefoldError.isInstance(error) ? error.message : "something went wrong here";
    yield line({ type: "error", errorText });
  }
}

function line(chunk: Chunk) {
  return { data: JSON.stringify(chunk) };
}

function chunksOf(happening: Happening, partials: PartialParts, about: About): readonly Chunk[] {
  switch (happening.kind) {
    case "part": {
      const { parts, isPart } = partials.settle(happening.part, happening.seq);
      const chunks = parts.map(partialChunk);
      return isPart ? chunks : [...chunks, ...partChunks(happening.part)];
    }
    case "partial":
      return partials.update(happening.partial, happening.seq, happening.agent).map(partialChunk);
    case "settled":
      return [...partials.settle(undefined).parts.map(partialChunk), ...endChunks(happening.thread, about)];
    case "problem":
      return [
        ...partials.settle(undefined).parts.map(partialChunk),
        { type: "error", errorText: "the thread could not be advanced; it is tried again later" },
      ];
    default:
      return happening satisfies never;
  }
}

function partialChunk(part: PartialPart): Chunk {
  switch (part.kind) {
    case "text_begun":
      return { type: "text-start", id: part.id };
    case "text_more":
      return { type: "text-delta", id: part.id, delta: part.text };
    case "text_ended":
      return { type: "text-end", id: part.id };
    case "call_begun": {
      const { callId: toolCallId, name: toolName } = part;
      return { type: "tool-input-start", toolCallId, toolName, dynamic: true };
    }
    case "call_more":
      return { type: "tool-input-delta", toolCallId: part.callId, inputTextDelta: part.text };
    case "call_dropped": {
      const { callId: toolCallId, name: toolName } = part;
      const errorText = "not called";
      return { type: "tool-input-error", toolCallId, toolName, input: {}, errorText, dynamic: true };
    }
    default:
      return part satisfies never;
  }
}

function partChunks(part: ChatPart): readonly Chunk[] {
  switch (part.kind) {
    case "call": {
      const { callId: toolCallId, name: toolName, input } = part;
      return [{ type: "tool-input-available", toolCallId, toolName, input, dynamic: true }];
    }
    case "result":
      return [{ type: "tool-output-available", toolCallId: part.callId, output: part.output, dynamic: true }];
    case "error":
      return [{ type: "tool-output-error", toolCallId: part.callId, errorText: part.text, dynamic: true }];
    case "denied":
      return [{ type: "tool-output-denied", toolCallId: part.callId }];
    case "text":
      return [
        { type: "text-start", id: part.id },
        { type: "text-delta", id: part.id, delta: part.text },
        { type: "text-end", id: part.id },
      ];
    case "progress":
      return [{ type: "data-progress", data: part.text, transient: true }];
    default:
      return part satisfies never;
  }
}

function endChunks(thread: Thread, about: About): readonly Chunk[] {
  const { status } = thread.state;
  const request = pendingRequest(thread);
  if (status.kind === "failed") return [{ type: "error", errorText: visible(status.error.message) }];
  return [
    ...(request === null ? [] : requestChunks(request, about)),
    { type: "finish", messageMetadata: { threadId: thread.id, status: status.kind } },
  ];
}

function requestChunks(request: HumanRequest, { caller, runtime }: About): readonly Chunk[] {
  const descriptor = describeRequest(request, caller, runtime);
  const { asked, id: approvalId } = request;
  if (asked.type === "approval") {
    const why = whyAsked(request);
    return [
      {
        type: "tool-approval-request",
        approvalId,
        toolCallId: asked.callId,
        approvalDescriptor: descriptor,
        ...(why === "" ? {} : { reason: why }),
      },
    ];
  }
  return [{ type: "data-request", id: approvalId, data: { ...descriptor, kind: request.kind } }];
}
