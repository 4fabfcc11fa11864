import { isAllowed } from "../../base/allow-list.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { parseRequestId, requestIdOf, type ThreadId } from "../../base/ids.ts";
import { objectionToAnswer } from "../../humans/approvers.ts";
import type { VerifiedPrincipal } from "../../humans/principal.ts";
import { pendingRequest } from "../../humans/request.ts";
import { respondOnce } from "../../runtime/respond-once.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { conversationOf, latestConversation, threadIdFrom } from "../conversations.ts";
import { dropDelivery } from "../inbound.ts";
import { launchOrMessage } from "../launch-or-message.ts";
import { type ChatContext, done, idOf, personOf, refuse, tell, writePlace } from "./context.ts";
import type { ChatText, Incoming } from "./platform.ts";
import { formIn, takeClick, takeForm } from "./take-card.ts";

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

async function takeMessage(message: ChatText, runtime: Runtime, context: ChatContext): Promise<Response> {
  const { name, platform, agent, allow } = context;
  // Who may decide is the request's matter, in whatever way a platform asks for words.
  const form = await formIn(message, runtime, context);
  if (form !== undefined) return takeForm(form, runtime, context);
  if (allow !== undefined && !isAllowed(allow, idOf(message.from))) {
    return dropDelivery("whoever has written it may not");
  }
  const place = placeOf(message, context);
  const latest = await place.latest(runtime);
  if (latest === undefined && !message.isAddressed) return dropDelivery("nobody has called the bot here");
  const from = personOf(platform, message.from);
  const { text } = message;
  if (text === "" && message.lasting === "new") {
    await place.next(runtime);
    return tell(message, "A new conversation begins with your next message.", context);
  }
  if (text === "") return dropDelivery("the message is empty");
  const once = `chat:${name}:${message.place.team}:${message.id}`;
  const isAnswer =
    latest !== undefined &&
    message.lasting !== "new" &&
    (await answerQuestion({ text, threadId: latest, from, once }, runtime));
  if (isAnswer) return done(message, context);
  if (agent === undefined)
    return refuse(message, "no agent takes messages here", "Nobody reads this here.", context);
  const via = { channel: name, address: writePlace(message.place) };
  const threadId = await place.find(runtime);
  if (await launchOrMessage(runtime, { agent, threadId, text, from, via, once }))
    return done(message, context);
  // Closed for good: the next conversation begins with this message, where there can be one.
  const next = message.lasting === undefined ? undefined : await place.next(runtime);
  const begun =
    next !== undefined && (await launchOrMessage(runtime, { agent, threadId: next, text, from, via, once }));
  if (begun) return done(message, context);
  return refuse(
    message,
    "the conversation is closed",
    "This conversation is closed. Begin a new one.",
    context,
  );
}

/** Which threads a message's place has: one for each conversation, whoever writes first and in whatever order it arrives. */
function placeOf({ place, lasting, id }: ChatText, { name, now, conversationMs }: ChatContext) {
  const { team, channel, thread } = place;
  const only = threadIdFrom(name, team, channel, thread);
  const key = `chat:${name}:conversation:${JSON.stringify([team, channel, thread])}`;
  const own = threadIdFrom(name, team, channel, thread, id);
  const conversation = { key, own, now, lastsMs: lasting === "new" ? 0 : conversationMs };
  return {
    /** The thread that was written to last, if there is one. */
    async latest({ store }: Runtime): Promise<ThreadId | undefined> {
      const threadId = lasting === undefined ? only : await latestConversation(store, key);
      if (threadId === undefined || (await store.summary(threadId)) === undefined) return undefined;
      return threadId;
    },
    /** The thread that the message belongs to. */
    find: async ({ store }: Runtime): Promise<ThreadId> =>
      lasting === undefined ? only : conversationOf(store, conversation),
    /** The thread of a new conversation. */
    next: ({ store }: Runtime): Promise<ThreadId> => conversationOf(store, { ...conversation, lastsMs: 0 }),
  };
}

interface Written {
  readonly text: string;
  readonly threadId: ThreadId;
  readonly from: VerifiedPrincipal;
  readonly once: string;
}

/**
 * Whether the message answers what the thread asks this person. Which question it answers is noted down first: if the message
 * comes again, it answers no other one.
 */
async function answerQuestion(written: Written, runtime: Runtime): Promise<boolean> {
  const { text, threadId, from, once } = written;
  const key = `${once}:answers`;
  const noted = await runtime.store.getValue(key);
  const requestId = noted ?? (await questionTo(from, threadId, runtime));
  const asked = parseRequestId(requestId ?? "");
  if (requestId === undefined || asked === undefined) return false;
  const wasNoted =
    noted !== undefined || (await runtime.store.setValue(key, requestId, undefined, { about: threadId }));
  if (!wasNoted) return answerQuestion(written, runtime);
  const decision = { kind: "answered", text } as const;
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
  const thread = { id: threadId, state: await runtime.store.state(threadId) };
  const own = pendingRequest(thread);
  // Those that work for it ask in the same conversation.
  const pending = own === null ? await runtime.requestsBelow(thread) : [own];
  return pending.find(
    ({ asked, kind }) =>
      asked.type === "question" && kind === "question" && objectionToAnswer(asked, from) === undefined,
  )?.id;
}
