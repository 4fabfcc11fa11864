import { TwelvefoldError } from "../../base/errors.ts";
import { parseRequestId, requestIdOf } from "../../base/ids.ts";
import type { VerifiedPrincipal } from "../../humans/principal.ts";
import { respondOnce } from "../../runtime/respond-once.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { HumanDecision } from "../../thread/events.ts";
import { conversationOf, threadIdFrom } from "../conversations.ts";
import { dropDelivery } from "../inbound.ts";
import { launchOrMessage } from "../launch-or-message.ts";
import { CODE, type CodeMeaning, type Codes } from "./codes.ts";

/** A text that has come in. */
export interface IncomingText {
  /** Twilio's id of it: the same if it comes again. */
  readonly id: string;
  /** As Twilio names it: `+4912345`, or `whatsapp:+4912345`. */
  readonly number: string;
  readonly from: VerifiedPrincipal;
  readonly text: string;
}

export interface TextContext {
  readonly name: string;
  readonly agent: string | undefined;
  readonly codes: Codes;
  readonly now: number;
  /** How long, in ms, what a number writes belongs to one conversation. */
  readonly conversationMs: number;
  /** Tells somebody who has shown that the number is theirs why their answer had no effect. May not throw. */
  readonly explain: (number: string, why: string) => Promise<void>;
}

/** What Twilio takes as "no answer by text". */
export function takeNothing(): Response {
  return new Response("<Response/>", { headers: { "content-type": "text/xml" } });
}

/** Takes a text in: an answer if it begins with a code, else a message of the number's conversation. */
export async function takeText(
  incoming: IncomingText,
  runtime: Runtime,
  context: TextContext,
): Promise<Response> {
  const { codes, now } = context;
  const words = wordsOf(incoming.text);
  if (words.code !== undefined) {
    const meaning = await codes.open(words.code, incoming.number, { values: runtime.store, now });
    if (meaning !== undefined) return takeAnswer({ ...words, meaning }, incoming, runtime, context);
    if (words.verb !== "" && !isSentence(words)) return dropDelivery("the code is not valid for this number");
  }
  if (words.verb !== "" && !isSentence(words)) return dropDelivery("an answer needs its code");
  // What only looks like a code, or like an answer, is a message like any other.
  return takeMessage(incoming, runtime, context);
}

interface Words {
  readonly verb: "approve" | "deny" | "";
  readonly code: string | undefined;
  readonly rest: string;
}

/** Whether a text that begins like an answer goes on as none does: "Approve my refund, please". An approval ends with its code. */
function isSentence({ verb, code, rest }: Words): boolean {
  return rest.trim() !== "" && (verb === "approve" || code === undefined);
}

/** A code is the first word, or the one behind `approve` or `deny`. */
function wordsOf(text: string): Words {
  const [, verb = "", first = "", rest = ""] = /^\s*(?:(approve|deny)\b)?\s*(\S*)\s*(.*)$/is.exec(text) ?? [];
  const code = CODE.test(first.toUpperCase()) ? first.toUpperCase() : undefined;
  const kind = verb.toLowerCase();
  return {
    verb: kind === "approve" || kind === "deny" ? kind : "",
    code: isCode(first, kind) ? code : undefined,
    rest,
  };
}

/** A word of a sentence may look like a code: alone in front, it is one only as it was sent, in capitals or with digits. */
function isCode(word: string, verb: string): boolean {
  return verb !== "" || word === word.toUpperCase() || /\d/.test(word);
}

interface Answer extends Words {
  readonly meaning: CodeMeaning;
}

async function takeAnswer(
  { verb, rest, meaning }: Answer,
  { number, from }: IncomingText,
  runtime: Runtime,
  { explain }: TextContext,
): Promise<Response> {
  const { threadId, seq } = parseRequestId(meaning.request) ?? {};
  if (threadId === undefined || seq === undefined) return dropDelivery("the code names no request");
  const decision = decisionOf(verb, rest.trim());
  try {
    if (typeof decision === "string") throw new TwelvefoldError("invalid_argument", decision);
    const response = { decision, digest: meaning.digest };
    await respondOnce(runtime, { requestId: requestIdOf(threadId, seq), response, by: from });
    return takeNothing();
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || error.code === "storage_failed") throw error;
    await explain(number, error.message);
    return dropDelivery(error.message);
  }
}

function decisionOf(verb: Words["verb"], rest: string): HumanDecision | string {
  switch (verb) {
    case "approve":
      return { kind: "approved" };
    case "deny":
      return rest === ""
        ? "say behind the code why, so that the agent can do better"
        : { kind: "denied", feedback: rest };
    case "":
      return rest === "" ? "the answer behind the code is missing" : { kind: "answered", text: rest };
    default:
      return verb satisfies never;
  }
}

async function takeMessage(
  incoming: IncomingText,
  runtime: Runtime,
  context: TextContext,
): Promise<Response> {
  const { name, agent } = context;
  const { number, from, text, id } = incoming;
  if (agent === undefined) return dropDelivery("no agent takes messages here");
  if (text.trim() === "") return dropDelivery("the text is empty");
  const place = {
    key: `sms:${name}:conversation:${number}`,
    own: threadIdFrom("sms", name, number, id),
    now: context.now,
    lastsMs: context.conversationMs,
  };
  const threadId = await conversationOf(runtime.store, place);
  const via = { channel: name, address: number };
  const once = `sms:${name}:${id}`;
  if (await launchOrMessage(runtime, { agent, threadId, text, from, via, once })) return takeNothing();
  // Closed for good: the next conversation begins with this text.
  const next = await conversationOf(runtime.store, { ...place, lastsMs: 0 });
  if (await launchOrMessage(runtime, { agent, threadId: next, text, from, via, once })) return takeNothing();
  return dropDelivery("the conversation is closed");
}
