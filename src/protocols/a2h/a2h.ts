import { z } from "zod";
import { shownThread } from "../../agent/shown-thread.ts";
import { digestOf, sha256 } from "../../base/digest.ts";
import { ConflictError, NotFoundError, UsageError } from "../../base/errors.ts";
import { parseRequestId, parseThreadId, type ThreadId } from "../../base/ids.ts";
import { isJsonObject, type Json, type JsonObject, toJson } from "../../base/json.ts";
import { principalKey } from "../../humans/principal.ts";
import { pendingRequest } from "../../humans/request.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { EventOf, HumanDecision, ThreadEvent } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";
import { respondTo } from "../chat/answer.ts";
import { type Protocol, type ProtocolCaller, type ProtocolRequest, requireMay } from "../protocol.ts";
import { A2H_AGENT } from "./agent-name.ts";
import { callStatus, contact, contactStatus, functionCall } from "./shapes.ts";

const kept = z.object({ threadId: z.string(), spec: z.string() });

type Kind = "human_contact" | "function_call";

/**
 * The endpoints of the A2H draft (`proto.a2h.dev/v1alpha1`), under `/a2h`, and those that the `humanlayer` clients call: a program in any
 * language asks people over the same requests, inbox and channels. Needs `a2hAgent()` among the runtime's agents. Throws `UsageError` without.
 */
export function a2h({ runtime }: { readonly runtime: Runtime }): Protocol {
  if (!runtime.agents.has(A2H_AGENT)) {
    const message = "A2H needs its agent: put a2hAgent(), of twelvefold/protocols, among the agents";
    throw new UsageError("invalid_configuration", message);
  }
  const routes: Protocol["routes"][number][] = [];
  const kinds = {
    "/function_calls": "function_call",
    "/human_contacts": "human_contact",
    "/contact_requests": "human_contact",
  } as const;
  for (const [path, kind] of Object.entries(kinds)) {
    routes.push(
      { method: "post", path: `/a2h${path}`, handle: (call) => ask(kind, call, runtime) },
      { method: "get", path: `/a2h${path}/:id`, handle: (call) => look(kind, call, runtime) },
    );
  }
  for (const [path, kind] of [
    ["function_calls", "function_call"],
    ["human_contacts", "human_contact"],
  ] as const) {
    routes.push({
      method: "post",
      path: `/a2h/agent/${path}/:id/respond`,
      handle: (call) => respond(kind, call, runtime),
    });
  }
  return { name: "a2h", routes };
}

async function ask(kind: Kind, { body, caller }: ProtocolRequest, runtime: Runtime): Promise<Response> {
  for (const scope of ["launch", "read"] as const) requireMay(caller, scope);
  const asked = kind === "human_contact" ? parse(contact, body) : parse(functionCall, body);
  const given = withoutTokens(jsonObject(asked.spec));
  const key = keyOf(kind, asked.call_id, caller);
  const digest = digestOf([asked.run_id, given]);
  const known = await runtime.store.getValue(key);
  if (known === undefined) {
    const event = {
      name: kind,
      source: principalKey(caller.principal),
      payload: { ...payloadOf(asked.spec), spec: given, run_id: asked.run_id, call_id: asked.call_id },
    };
    const input = { event, from: caller.principal };
    const { threadId } = await runtime.launch({ agent: A2H_AGENT, input, once: `${key}:${digest}` });
    const value = JSON.stringify({ threadId, spec: digest });
    if (await runtime.store.setValue(key, value, undefined, { about: threadId }))
      return show(kind, threadId, runtime, 201);
  }
  const first = kept.parse(JSON.parse((await runtime.store.getValue(key)) ?? "null"));
  if (first.spec !== digest)
    throw new ConflictError(
      "conflict",
      `call_id ${asked.call_id} was used for another request: take a new one`,
    );
  return show(kind, threadIdIn(first.threadId), runtime, 200);
}

async function look(kind: Kind, { params, caller }: ProtocolRequest, runtime: Runtime): Promise<Response> {
  requireMay(caller, "read");
  return show(kind, await findOwn(kind, params["id"] ?? "", caller, runtime), runtime, 200);
}

async function respond(kind: Kind, call: ProtocolRequest, runtime: Runtime): Promise<Response> {
  const { body, params, caller } = call;
  const named = params["id"] ?? "";
  const parsed = parseRequestId(named);
  const threadId = parsed?.threadId ?? (await findOwn(kind, named, caller, runtime));
  const state = await runtime.store.state(threadId);
  if (state.agent !== A2H_AGENT) throw new NotFoundError(`there is no request ${named}`);
  const pending = parsed === undefined ? pendingRequest({ id: threadId, state })?.id : named;
  if (pending === undefined) throw new ConflictError("conflict", "this was answered before");
  await respondTo(pending, answerIn(kind, body), caller, runtime);
  return show(kind, threadId, runtime, 200);
}

function answerIn(
  kind: Kind,
  body: unknown,
): { readonly decision: HumanDecision; readonly digest: string | null } {
  if (kind === "human_contact") {
    const { response } = parse(contactStatus, body);
    return { decision: { kind: "answered", text: response }, digest: null };
  }
  const { approved, comment, digest, reject_option_name: option } = parse(callStatus, body);
  if (approved && option != null)
    throw new UsageError("invalid_argument", "reject_option_name says why something is not approved");
  const decision = approved
    ? ({ kind: "approved" } as const)
    : ({ kind: "denied", feedback: comment ?? "", option: option ?? undefined } as const);
  return { decision, digest: digest ?? null };
}

/** What the thread is told. Who is asked is the server's business; a limit on who may answer is kept. */
function payloadOf(spec: z.infer<typeof contact>["spec"] | z.infer<typeof functionCall>["spec"]): JsonObject {
  const allowed = spec.channel?.slack?.allowed_responder_ids?.map((who) => `slack:${who}`);
  const to = allowed === undefined ? {} : { to: allowed };
  if ("fn" in spec && typeof spec.fn === "string")
    return { fn: spec.fn, kwargs: jsonObject(spec["kwargs"]), ...to, ...rejectOptionsIn(spec) };
  const { msg, subject, response_options: options } = parse(contact.shape.spec, spec);
  return {
    msg,
    ...(subject == null ? {} : { subject }),
    ...(options == null || options.length === 0 ? {} : { choices: options.map(({ name }) => name) }),
    ...to,
  };
}

/** The request without the token of a bot: its channel is not followed, and a credential has no place in a thread. */
function withoutTokens(spec: JsonObject): JsonObject {
  const { channel = null } = spec;
  const slack = isJsonObject(channel) ? (channel["slack"] ?? null) : null;
  if (!isJsonObject(channel) || !isJsonObject(slack)) return spec;
  const { bot_token: _, ...rest } = slack;
  return { ...spec, channel: { ...channel, slack: rest } };
}

/** The ready ways to say no, with what the program wants to read for each. */
function rejectOptionsIn(spec: object): JsonObject {
  const { reject_options: options } = functionCall.shape.spec.parse(spec);
  if (options == null || options.length === 0) return {};
  const words = options.map(({ name, title, description, prompt_fill: fill }): [string, string] => [
    name,
    [fill, description, title].find((one) => one != null && one.trim() !== "") ?? name,
  ]);
  return { reject_options: Object.fromEntries(words) };
}

async function show(kind: Kind, threadId: ThreadId, runtime: Runtime, code: number): Promise<Response> {
  const thread = shownThread(await runtime.get(threadId), runtime.agents.get(A2H_AGENT));
  const [, asked] = thread.events;
  const payload =
    asked?.type === "event_received" && asked.data.name === kind ? asked.data.payload : undefined;
  if (payload === undefined || !isJsonObject(payload)) throw new NotFoundError(`there is no such ${kind}`);
  const { run_id = null, call_id = null, spec = null } = payload;
  return Response.json({ run_id, call_id, spec, status: statusOf(thread) }, { status: code });
}

/** What became of it, in the draft's words. `digest` names the card that an approval must be about. */
function statusOf(thread: Thread): JsonObject {
  const { events } = thread;
  const requested = events.findLast(
    (event) => event.type === "human_asked" || event.type === "approval_requested",
  );
  const request = pendingRequest(thread);
  const response = events.findLast(
    (event): event is EventOf<"human_responded"> => event.type === "human_responded",
  );
  const expired = events.findLast(({ type }) => type === "request_expired");
  const pending: JsonObject = {
    requested_at: requested?.at ?? null,
    ...(request === null
      ? {}
      : { request_id: request.id, digest: request.digest, expires_at: request.expiresAt }),
  };
  const { status } = thread.state;
  // Nobody will decide any more: whoever waits must not wait for ever.
  if (status.kind === "cancelled" || status.kind === "failed") {
    const comment = status.kind === "cancelled" ? "it was cancelled" : "it failed";
    return { ...pending, responded_at: events.at(-1)?.at ?? null, approved: isLetThrough(events), comment };
  }
  // Several may have to approve: until then it waits.
  if (status.kind !== "finished" || response === undefined) {
    const over = expired !== undefined && request === null && response === undefined;
    return over
      ? { ...pending, responded_at: expired.at, approved: false, comment: "nobody decided in time" }
      : pending;
  }
  return {
    ...pending,
    responded_at: response.at,
    ...outcomeOf(response, events),
    user_info: personOf(response),
  };
}

/** What counts is that the call was let through, not that one of several said so. */
function isLetThrough(events: readonly ThreadEvent[]): boolean {
  return events.some(({ type }) => type === "tool_finished");
}

function outcomeOf(
  { data: { decision } }: EventOf<"human_responded">,
  events: readonly ThreadEvent[],
): JsonObject {
  switch (decision.kind) {
    case "approved":
      return { approved: isLetThrough(events) };
    case "denied":
      return {
        approved: false,
        comment: decision.feedback,
        ...(decision.option === undefined ? {} : { reject_option_name: decision.option }),
      };
    case "answered": {
      const { text: answer } = decision;
      const [, asked] = events;
      const payload =
        asked?.type === "event_received" && isJsonObject(asked.data.payload) ? asked.data.payload : {};
      const options = payload["choices"];
      return options === undefined
        ? { response: answer }
        : { response: answer, response_option_name: answer };
    }
    case "happened":
    case "did_not_happen":
      return {};
    default:
      return decision satisfies never;
  }
}

function personOf({ data: { by } }: EventOf<"human_responded">): JsonObject {
  return { id: principalKey(by), name: by.name ?? by.id };
}

async function findOwn(
  kind: Kind,
  callId: string,
  caller: ProtocolCaller,
  runtime: Runtime,
): Promise<ThreadId> {
  const value = await runtime.store.getValue(keyOf(kind, callId, caller));
  if (value === undefined)
    throw new NotFoundError(`there is no ${kind} ${callId.slice(0, 80)} of this caller`);
  return threadIdIn(kept.parse(JSON.parse(value)).threadId);
}

/** A `call_id` is the caller's own: the same one of somebody else is another request. */
function keyOf(kind: Kind, callId: string, { principal }: ProtocolCaller): string {
  return `a2h:${sha256(JSON.stringify([kind, principalKey(principal), callId]))}`;
}

function threadIdIn(text: string): ThreadId {
  const threadId = parseThreadId(text);
  if (threadId === undefined) throw new NotFoundError("there is no such request");
  return threadId;
}

function jsonObject(value: unknown): JsonObject {
  const json: Json = toJson(value);
  return isJsonObject(json) ? json : {};
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw new UsageError("invalid_argument", what.slice(0, 1000));
}
