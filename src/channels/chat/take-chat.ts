import { z } from "zod";
import { shownThread } from "../../agent/shown-thread.ts";
import { sha256 } from "../../base/digest.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { parseRequestId, parseThreadId, requestIdOf, type ThreadId } from "../../base/ids.ts";
import { objectionToAnswer } from "../../humans/approvers.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../humans/principal.ts";
import { type HumanRequest, pendingRequest, requestOf } from "../../humans/request.ts";
import { describeRequest } from "../../present/describe-request.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { respondOnce } from "../../runtime/respond-once.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type FormFields, responseOf } from "../../steps/form-decision.ts";
import { dropDelivery } from "../inbound.ts";
import { launchOrMessage } from "../launch-or-message.ts";
import { type Cards, isAmong } from "./cards.ts";
import type { ChatPerson, ChatPlatform, Conversation, Incoming, PostedMessage } from "./platform.ts";
import { type ButtonValue, formFor, readValue, writeValue } from "./request-message.ts";

export interface ChatContext {
  readonly name: string;
  readonly agent: string | undefined;
  readonly platform: ChatPlatform;
  readonly cards: Cards;
  /** May not throw: the people who click must not wait for it. */
  readonly whisper: (to: ChatPerson, posted: PostedMessage, text: string) => void;
}

type Message = Extract<Incoming, { kind: "message" }>;
type Click = Extract<Incoming, { kind: "click" }>;
type Form = Extract<Incoming, { kind: "form" }>;

/** Takes in what somebody has written, clicked or sent; all of it is in a thread before this answers. */
export async function takeIncoming(
  incoming: Incoming,
  runtime: Runtime,
  context: ChatContext,
): Promise<Response> {
  switch (incoming.kind) {
    case "answer":
      return incoming.response;
    case "ignored":
      return dropDelivery(incoming.why);
    case "message":
      return takeMessage(incoming, runtime, context);
    case "click":
      return takeClick(incoming, runtime, context);
    case "form":
      return takeForm(incoming, runtime, context);
    default:
      return incoming satisfies never;
  }
}

const DONE = () => new Response(null, { status: 200 });

/** The thread of a conversation: one for each, whoever writes first and in whatever order it arrives. */
export function threadAt(name: string, { team, channel, thread }: Conversation): ThreadId {
  const id = parseThreadId(`thr_${sha256(JSON.stringify([name, team, channel, thread])).slice(0, 24)}`);
  if (id === undefined) throw new Error("not a thread's id");
  return id;
}

function personOf({ name }: ChatPlatform, { team, user }: ChatPerson): VerifiedPrincipal {
  return verifiedBy(name, `${team}:${user}`);
}

async function takeMessage(message: Message, runtime: Runtime, context: ChatContext): Promise<Response> {
  const { name, platform, agent } = context;
  if (message.text === "") return dropDelivery("the message is empty");
  const from = personOf(platform, message.from);
  const threadId = threadAt(name, message.place);
  const once = `chat:${name}:${message.place.team}:${message.id}`;
  if (await answerQuestion({ message, threadId, from, once }, runtime)) return DONE();
  if (agent === undefined) return dropDelivery("no agent takes messages here");
  const { place, text } = message;
  const via = { channel: name, address: writePlace(place) };
  if (await launchOrMessage(runtime, { agent, threadId, text, from, via, once })) return DONE();
  const posted = { ...place, id: place.thread };
  context.whisper(message.from, posted, "This conversation is closed. Begin a new one.");
  return dropDelivery("the conversation is closed");
}

interface Written {
  readonly message: Message;
  readonly threadId: ThreadId;
  readonly from: VerifiedPrincipal;
  readonly once: string;
}

/**
 * Whether the message answers what the thread asks this person. Which question it answers is noted down first: if the message
 * comes again, it answers no other one.
 */
async function answerQuestion(
  { message, threadId, from, once }: Written,
  runtime: Runtime,
): Promise<boolean> {
  const key = `${once}:answers`;
  const noted = await runtime.store.getValue(key);
  const requestId = noted ?? (await questionTo(from, threadId, runtime));
  const asked = parseRequestId(requestId ?? "");
  if (requestId === undefined || asked === undefined) return false;
  const wasNoted =
    noted !== undefined || (await runtime.store.setValue(key, requestId, undefined, { about: threadId }));
  if (!wasNoted) return answerQuestion({ message, threadId, from, once }, runtime);
  const decision = { kind: "answered", text: message.text } as const;
  try {
    const id = requestIdOf(asked.threadId, asked.seq);
    await respondOnce(runtime, { requestId: id, response: { decision }, by: from });
    return true;
  } catch (error) {
    // It is no answer (any more): then it is a message.
    if (TwelvefoldError.isInstance(error) && TAKEN_AS_MESSAGE.has(error.code)) return false;
    throw error;
  }
}

const TAKEN_AS_MESSAGE: ReadonlySet<string> = new Set([
  "conflict",
  "expired",
  "forbidden",
  "invalid_argument",
]);

async function questionTo(
  from: VerifiedPrincipal,
  threadId: ThreadId,
  runtime: Runtime,
): Promise<string | undefined> {
  if ((await runtime.store.summary(threadId)) === undefined) return undefined;
  const thread = { id: threadId, state: await runtime.store.state(threadId) };
  const own = pendingRequest(thread);
  // Those that work for it ask in the same conversation.
  const pending = own === null ? await runtime.requestsBelow(thread) : [own];
  return pending.find(
    ({ asked, kind }) =>
      asked.type === "question" && kind === "question" && objectionToAnswer(asked, from) === undefined,
  )?.id;
}

/** The request that a button or form is about, if this very card of it was posted here and nothing has changed. */
async function cardCase(
  value: ButtonValue,
  message: PostedMessage,
  runtime: Runtime,
  { cards }: ChatContext,
): Promise<HumanRequest | string> {
  const { threadId, seq } = parseRequestId(value.request) ?? {};
  if (threadId === undefined || seq === undefined) return "This is no card of a request.";
  if (!isAmong(await cards.read(value.request, runtime.store), message))
    return "This is no card of that request.";
  try {
    const thread = await runtime.get(threadId);
    // A form begins with what the card shows.
    const shown = shownThread(thread, runtime.agents.get(thread.state.agent));
    const request = requestOf(shown, requestIdOf(threadId, seq));
    return (request.digest ?? "") === value.digest
      ? request
      : "This is an older version of the card: look at the newer one.";
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || error.code === "storage_failed") throw error;
    return "This has been decided already.";
  }
}

async function takeClick(click: Click, runtime: Runtime, context: ChatContext): Promise<Response> {
  const value = readValue(click.value);
  if (value === undefined) return dropDelivery("the button is not one of ours");
  const request = await cardCase(value, click.message, runtime, context);
  if (typeof request === "string") {
    context.whisper(click.from, click.message, request);
    return DONE();
  }
  const { platform } = context;
  const form = formFor(click.action, request);
  if (form !== undefined && platform.openForm !== undefined) {
    const meta = JSON.stringify({ ...click.message, action: click.action, value: writeValue(value) });
    await platform.openForm(click.trigger, click.message.team, { ...form, meta });
    return DONE();
  }
  const problem = await decide(
    fieldsOf(click.action, value, request),
    { request, from: click.from },
    runtime,
    context,
  );
  if (problem !== undefined) context.whisper(click.from, click.message, problem);
  return DONE();
}

function fieldsOf(action: string, { choice, digest }: ButtonValue, request: HumanRequest): FormFields {
  const about = digest === "" ? {} : { digest };
  if (choice === undefined) return { decision: action, ...about };
  return { decision: "answer", text: choicesOf(request)[choice] ?? "", ...about };
}

function choicesOf({ asked }: HumanRequest): readonly string[] {
  if (asked.type === "approval") return [];
  const { format, choices = [] } = asked.options ?? {};
  return format === "yes_no" ? ["yes", "no"] : choices;
}

const formMeta = z.object({
  team: z.string(),
  channel: z.string(),
  id: z.string(),
  action: z.string(),
  value: z.string(),
});

async function takeForm(form: Form, runtime: Runtime, context: ChatContext): Promise<Response> {
  const { platform } = context;
  const field = Object.keys(form.fields)[0] ?? "";
  const meta = formMeta.safeParse(readLooseJson(form.meta));
  const value = meta.success ? readValue(meta.data.value) : undefined;
  if (!meta.success || value === undefined) return dropDelivery("the form is not one of ours");
  const { action, ...message } = meta.data;
  const request = await cardCase(value, message, runtime, context);
  if (typeof request === "string") return platform.formProblem(field, request);
  const fields = {
    ...form.fields,
    decision: action,
    ...(value.digest === "" ? {} : { digest: value.digest }),
  };
  const problem = await decide(fields, { request, from: form.from }, runtime, context);
  return problem === undefined ? DONE() : platform.formProblem(field, problem);
}

function readLooseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Decides, and says what stood against it, if anything did. */
async function decide(
  fields: FormFields,
  { request, from }: { readonly request: HumanRequest; readonly from: ChatPerson },
  runtime: Runtime,
  { platform }: ChatContext,
): Promise<string | undefined> {
  try {
    const response = responseOf(request.asked, fields);
    await respondOnce(runtime, { requestId: request.id, response, by: personOf(platform, from) });
    return undefined;
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || error.code === "storage_failed") throw error;
    return `${describeRequest(request).title}: ${visibleLine(error.message, 500)}`;
  }
}

const placeSchema = z.object({ team: z.string(), channel: z.string(), thread: z.string() });

export function writePlace({ team, channel, thread }: Conversation): string {
  return JSON.stringify({ team, channel, thread });
}

/** The place that an address of `via` names; `undefined` for one that this channel has not written. */
export function readPlace(address: string): Conversation | undefined {
  const place = placeSchema.safeParse(readLooseJson(address));
  return place.success ? place.data : undefined;
}
