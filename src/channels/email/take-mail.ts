import { createHash } from "node:crypto";
import { isAllowed } from "../../base/allow-list.ts";
import { ConflictError, TwelvefoldError } from "../../base/errors.ts";
import { atOnce } from "../../base/hooks.ts";
import { parseThreadId, requestIdOf, type ThreadId } from "../../base/ids.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../humans/principal.ts";
import type { HumanRequest } from "../../humans/request.ts";
import type { Launch } from "../../runtime/changes.ts";
import { respondOnce } from "../../runtime/respond-once.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { HumanDecision } from "../../thread/events.ts";
import { proveSender } from "./identity.ts";
import { newTextOf } from "./new-text.ts";
import type { EmailChannelOptions } from "./options.ts";
import { type Origin, writeOrigin } from "./origin.ts";
import { isAutomatic, readRawMail } from "./raw-mail.ts";
import { MAX_TEXT, type Mail, type MailParts, readParts, recipientsOf } from "./read-mail.ts";
import { type ReplyAddress, requestIn, type Signer } from "./signed.ts";

/** What became of a mail. */
export interface MailOutcome {
  readonly kind: "started" | "continued" | "answered" | "dropped";
  readonly threadId?: ThreadId | undefined;
  /** Why it was dropped. */
  readonly why?: string | undefined;
}

export interface TakeOptions extends Pick<EmailChannelOptions, "agent" | "start" | "allow" | "resolver"> {
  readonly name: string;
  /** The channel's own address, without a name. */
  readonly own: string;
  readonly signer: Signer;
  readonly now: number;
  readonly runtime: Runtime;
  /** Tells a proven sender why their reply had no effect. */
  readonly explain: (to: string, origin: Origin, why: string) => Promise<void>;
}

const MAX_AGE_MS = 7 * 86_400_000;
const MAX_AHEAD_MS = 86_400_000;

/**
 * Takes one mail in: it starts a thread, goes on with one, or answers a request; or nothing, and the outcome says why. The same
 * mail again does nothing new. Throws `DnsFailure` and errors of the store: then the mail may come again.
 */
export async function takeMail(raw: Uint8Array, options: TakeOptions): Promise<MailOutcome> {
  const mail = readRawMail(raw);
  if (typeof mail === "string") return dropMail(mail);
  if (isAutomatic(mail)) return dropMail("it is an automatic mail");
  const sender = await proveSender(mail, options);
  if (sender.kind === "unproven") return dropMail(`the sender is not proven: ${sender.why}`);
  const { address } = sender;
  if (options.allow !== undefined && !isAllowed(options.allow, address))
    return dropMail("this sender may not write");
  const parts = await readParts(mail).catch(() => undefined);
  if (parts === undefined) return dropMail("the mail cannot be read");
  if (!(parts.date > options.now - MAX_AGE_MS && parts.date < options.now + MAX_AHEAD_MS)) {
    return dropMail("the mail is too old, or its date lies in the future");
  }
  if (parts.messageId === "") return dropMail("the mail has no id");
  if (isOwn(address, options.own)) return dropMail("it is this channel's own mail");
  const recipients = recipientsOf(mail, sender.signed);
  const keys = keysIn(recipients, options.own);
  const isForUs = keys.length > 0 || recipients.includes(options.own);
  // A mail that was signed for somebody else can be sent here by anybody who has it.
  if (sender.signed.has("to") && !isForUs) return dropMail("the mail is addressed to somebody else");
  if (keys.length > 1) return dropMail("the mail names several reply addresses");
  const taking: Taking = {
    ...options,
    parts,
    address,
    from: verifiedBy("email", address),
    text: newTextOf(parts.whole).slice(0, MAX_TEXT).toWellFormed(),
    once: `email:${options.name}:${digestOf(address, parts.messageId, String(parts.date))}`,
  };
  const [key] = keys;
  return key === undefined ? takeWithoutKey(taking) : takeReply(taking, key);
}

interface Taking extends TakeOptions {
  readonly parts: MailParts;
  readonly address: string;
  readonly from: VerifiedPrincipal;
  readonly text: string;
  readonly once: string;
}

function dropMail(why: string, threadId?: ThreadId): MailOutcome {
  return { kind: "dropped", why, threadId };
}

async function takeReply(taking: Taking, key: string): Promise<MailOutcome> {
  const { signer, runtime, address, now } = taking;
  const reply = await signer.open(key, runtime.store);
  if (reply === undefined) return dropMail("the reply address is not valid");
  if (reply.to !== address) return dropMail("the reply address was given to somebody else", reply.threadId);
  if (now >= reply.expiresAt) return refuse(taking, reply, "this reply address has expired");
  const { threadId, seq } = requestIn(reply.requestId) ?? {};
  if (threadId === undefined || seq === undefined) return goOn(taking, reply.threadId);
  const requestId = requestIdOf(threadId, seq);
  const request = await runtime.request(requestId).catch((error: unknown) => {
    if (error instanceof ConflictError) return undefined;
    throw error;
  });
  const decision = request === undefined ? undefined : decisionIn(taking, request);
  if (typeof decision === "string") return refuse(taking, reply, decision);
  try {
    const wanted = decision ?? lateDecision(taking.text);
    const response = { decision: wanted, digest: request?.digest ?? null };
    const { isNew } = await respondOnce(runtime, { requestId, response, by: taking.from });
    return { kind: "answered", threadId, why: isNew ? undefined : "it had been taken in before" };
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || error.code === "storage_failed") throw error;
    // What answers a question too late is still news to the agent; a decision is not.
    if (request === undefined && !isDecision(taking.text)) return goOn(taking, reply.threadId);
    return refuse(taking, reply, request === undefined ? "this request is closed by now" : error.message);
  }
}

/** A decision as the first line of a reply says it: never what the mail itself says, so that no quotation decides. */
function decisionIn({ signer, address, text }: Taking, request: HumanRequest): HumanDecision | string {
  const { first, rest } = linesOf(text);
  const code = signer.code(request, address).replace("-", "");
  const approval = APPROVE.exec(first);
  if (request.kind !== "question" && DENY.test(first))
    return denialIn(`${first.replace(DENY, "")}\n${rest}`.trim(), request);
  switch (request.kind) {
    case "approval":
    case "escalation":
    case "budget":
    case "provider":
    case "version":
      if (approval !== null) {
        return approval[1]?.replace("-", "").toUpperCase() === code
          ? { kind: "approved" }
          : "the code is not the one for what is asked now: look at the latest mail about it";
      }
      if (request.kind === "approval" || request.kind === "version")
        return "nothing was decided: the first line is not the word approve and the code, nor deny";
      return text === "" ? "the reply is empty" : { kind: "answered", text };
    case "question": {
      const { format } = request.asked.type === "question" ? (request.asked.options ?? {}) : {};
      const answer = format === "yes_no" || format === "multiple_choice" ? first.trim() : text;
      return answer === "" ? "the reply is empty" : { kind: "answered", text: answer };
    }
    case "unknown_outcome":
      return "whether it happened is said in the inbox";
    default:
      return request.kind satisfies never;
  }
}

function denialIn(words: string, { card }: HumanRequest): HumanDecision | string {
  if (words === "") return "say below the word deny why, so that the agent can do better";
  const [, option = "", feedback = ""] = /^(\S+)\s*(.*)$/s.exec(words) ?? [];
  return Object.hasOwn(card?.rejectOptions ?? {}, option)
    ? { kind: "denied", option, feedback }
    : { kind: "denied", feedback: words };
}

/** What a reply to a closed request said, to see whether it is the very reply that closed it. */
function lateDecision(text: string): HumanDecision {
  const { first, rest } = linesOf(text);
  if (APPROVE.test(first)) return { kind: "approved" };
  if (DENY.test(first)) return { kind: "denied", feedback: `${first.replace(DENY, "")}\n${rest}`.trim() };
  return { kind: "answered", text };
}

const APPROVE = /^\s*(?:approve|go on)\s+([0-9a-z]{4}-?[0-9a-z]{4})\s*$/i;
const DENY = /^\s*deny\b[\s:.,]*/i;

function isDecision(text: string): boolean {
  const { first } = linesOf(text);
  return APPROVE.test(first) || DENY.test(first);
}

function linesOf(text: string): { readonly first: string; readonly rest: string } {
  const [first = "", ...rest] = text.split("\n");
  return { first, rest: rest.join("\n") };
}

async function refuse(taking: Taking, reply: ReplyAddress, why: string): Promise<MailOutcome> {
  await taking.explain(taking.address, originOf(taking), why).catch(() => {});
  return dropMail(why, reply.threadId);
}

async function takeWithoutKey(taking: Taking): Promise<MailOutcome> {
  const { signer, runtime, parts, address, name } = taking;
  const known = signer.threadIn(parts.references, address) ?? (await begunBy(taking));
  if (known !== undefined) return goOn(taking, known);
  const mail: Mail = {
    from: taking.from,
    subject: parts.subject,
    text: taking.text,
    attachments: parts.attachments,
  };
  const wanted = startOf(taking, mail);
  if (wanted === null) return dropMail("nothing is started by it");
  const via = { channel: name, address: writeOrigin(originOf(taking)) };
  const { threadId } = await runtime.launch({ ...wanted, via, once: taking.once });
  const key = begunKey(name, address, parts.messageId);
  await runtime.store.setValue(key, threadId, undefined, { about: threadId });
  return { kind: "started", threadId };
}

function startOf({ start, agent, name }: Taking, mail: Mail): Pick<Launch, "agent" | "input"> | null {
  if (start !== undefined) return atOnce("emailChannel: `start`", start(mail));
  if (agent === undefined) return null;
  return { agent, input: { event: mailEvent(mail, name), from: mail.from } };
}

function mailEvent({ subject, text, attachments }: Mail, source: string) {
  const listed = attachments.map((one) => ({ ...one }));
  return {
    name: "mail",
    source,
    payload: { subject, text, ...(listed.length === 0 ? {} : { attachments: listed }) },
  };
}

/** The thread that one of the sender's own earlier mails has begun. */
async function begunBy({ runtime, parts, address, name }: Taking): Promise<ThreadId | undefined> {
  for (const id of parts.references.toReversed()) {
    const threadId = await runtime.store.getValue(begunKey(name, address, id));
    if (threadId !== undefined) return parseThreadId(threadId);
  }
  return undefined;
}

function begunKey(name: string, address: string, messageId: string): string {
  return `email:${name}:begun:${digestOf(address, messageId)}`;
}

/** Another mail of a conversation: an event from outside, like the first. */
async function goOn(taking: Taking, threadId: ThreadId): Promise<MailOutcome> {
  const { runtime, parts, from, text, name, once } = taking;
  const mail: Mail = { from, subject: parts.subject, text, attachments: parts.attachments };
  try {
    await runtime.receive(threadId, { ...mailEvent(mail, name), from }, once);
    return { kind: "continued", threadId };
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || !["conflict", "not_found"].includes(error.code)) throw error;
    await taking.explain(taking.address, originOf(taking), "this conversation is closed").catch(() => {});
    return dropMail("the conversation is closed", threadId);
  }
}

function originOf({ address, parts }: Taking): Origin {
  return { to: address, subject: parts.subject, messageId: parts.messageId };
}

/** The keys of the reply addresses among the recipients. */
function keysIn(recipients: readonly string[], own: string): readonly string[] {
  const [local = "", domain = ""] = own.split("@");
  const keys = recipients.flatMap((recipient) => {
    const isReply = recipient.startsWith(`${local}+`) && recipient.endsWith(`@${domain}`);
    return isReply ? [recipient.slice(local.length + 1, -domain.length - 1)] : [];
  });
  return [...new Set(keys)];
}

function isOwn(address: string, own: string): boolean {
  return address === own || keysIn([address], own).length > 0;
}

function digestOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
