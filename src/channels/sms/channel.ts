import { isAllowed } from "../../base/allow-list.ts";
import { boolean, check, fields, list, numberFrom, optional, text } from "../../base/checks.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { atOnce } from "../../base/hooks.ts";
import { address, callback, checkOptions, nonEmptyName, objectWith, secretText } from "../../base/options.ts";
import type { ChannelValues, ClosedNotice, Notice, RequestNotice } from "../../humans/channel.ts";
import { verifiedBy } from "../../humans/principal.ts";
import { type HumanRequest, pendingRequest, requestTold } from "../../humans/request.ts";
import { describeNews } from "../../present/describe-request.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { closedInWords, hasDecided } from "../closed-in-words.ts";
import { dropDelivery, type InboundChannel } from "../inbound.ts";
import { createCodes } from "./codes.ts";
import { composeRequest } from "./compose-text.ts";
import { splitText } from "./split-text.ts";
import { takeText } from "./take-text.ts";
import { readTwilio, sendText, type TwilioAccount } from "./twilio.ts";

export interface SmsChannelOptions extends TwilioAccount {
  /** The channel's name among the channels of the runtime. Default `sms`. */
  readonly name?: string | undefined;
  /** The number that texts are from: `+4930901820`, or `whatsapp:+4930901820`. */
  readonly from: string;
  /** The whole address that Twilio calls with what comes in, as it is set there: `https://agents.example.com/channels/sms`. */
  readonly url: string;
  /** Makes the codes: at least 32 random characters, the same in every process. */
  readonly secret: string;
  /** The agent that is written to. Default: none; what people write starts nothing. */
  readonly agent?: string | undefined;
  /** Whose texts are taken: numbers, as `+4912345`. Default: everybody's. */
  readonly allow?: readonly string[] | undefined;
  /** Who is told of a request, as numbers. Default: those whom it is put to as `sms:+4912345` (`whatsapp:…`); and for a question
   * put to nobody by name, whoever began the thread by text. May not throw. */
  readonly to?: ((request: HumanRequest) => readonly string[]) | undefined;
  /**
   * The address of a page where this number's owner can look at a request. Called each time a message about the
   * request is made. If it throws, the message is not sent and is tried again later. Default: none.
   */
  readonly link?: ((request: HumanRequest, number: string) => string) | undefined;
  /** Whether those who were asked are told, in one short message, when somebody else decides or the request is closed. Default true. */
  readonly tellClosed?: boolean | undefined;
  /** How long, in hours, what a number writes belongs to one conversation. Default 24. */
  readonly conversationHours?: number | undefined;
  readonly clock?: Clock | undefined;
}

const NUMBER = /^(whatsapp:)?(\+[1-9]\d{4,14})$/;
const HOUR_MS = 3_600_000;
const SENT_MS = 30 * 86_400_000;

const OPTIONS = fields({
  name: optional(nonEmptyName),
  accountSid: check((value) =>
    /^AC[0-9a-zA-Z]{32}$/.test(String(value)) ? undefined : "must be an account's id, AC…",
  ),
  authToken: text(8),
  apiUrl: optional(address),
  from: check((value) =>
    NUMBER.test(String(value)) ? undefined : "must be a number such as +4930901820, or whatsapp:+…",
  ),
  url: address,
  secret: secretText,
  agent: optional(nonEmptyName),
  allow: optional(list(text())),
  to: optional(callback),
  link: optional(callback),
  tellClosed: optional(boolean),
  conversationHours: optional(numberFrom(0.1, 8760)),
  clock: optional(objectWith("now", "sleep")),
});

/**
 * A channel to people by SMS or WhatsApp, over Twilio. A text starts a thread or goes on with the number's conversation. Requests
 * are texts with a code; an answer needs it, because the number that a text comes from can be forged. Throws `UsageError`
 * (`invalid_configuration`) for invalid options.
 *
 * @example
 * const sms = smsChannel({ accountSid, authToken, from: "+4930901820", url: "https://agents.example.com/channels/sms", secret });
 */
export function smsChannel(options: SmsChannelOptions): InboundChannel {
  checkOptions("smsChannel", OPTIONS, options);
  const { name = "sms", from, clock = systemClock, conversationHours = 24 } = options;
  const [, prefix = ""] = NUMBER.exec(from) ?? [];
  /** How people are known to policies. */
  const kind = prefix === "" ? "sms" : "whatsapp";
  const codes = createCodes(options.secret, name);

  function recipientsOf({ thread }: Pick<RequestNotice, "thread">, request: HumanRequest): readonly string[] {
    const { via } = thread.state;
    const asker = via?.channel === name ? [via.address] : [];
    const wanted =
      atOnce("smsChannel: `to`", options.to?.(request)) ?? defaultRecipients(request, kind, asker);
    return [...new Set(wanted.flatMap((one) => numberIn(one, prefix) ?? []))];
  }

  async function sendAll(
    to: string,
    texts: readonly string[],
    {
      notice,
      values,
      signal,
    }: {
      readonly notice: Pick<Notice, "id" | "threadId">;
      readonly values: ChannelValues;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<void> {
    for (const [index, body] of texts.entries()) {
      const key = sentKey(notice.id, to, index);
      if ((await values.getValue(key)) !== undefined) continue;
      await sendText(options, { from, to, body }, signal);
      await values.setValue(key, "1", undefined, {
        about: notice.threadId,
        expiresAt: clock.now() + SENT_MS,
      });
    }
  }

  async function sendRequest(
    notice: RequestNotice,
    values: ChannelValues,
    signal: AbortSignal,
  ): Promise<void> {
    const request = pendingIn(notice);
    if (request === undefined) return;
    const failures: unknown[] = [];
    for (const to of recipientsOf(notice, request)) {
      const code = await codes.issue(request, to, { values, now: clock.now() });
      const link = atOnce("smsChannel: `link`", options.link?.(request, to));
      const texts = composeRequest(request, code, link, notice.people);
      await sendAll(to, texts, { notice, values, signal }).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  const sentKey = (id: string, to: string, index: number) => `sms:${name}:sent:${id}:${to}:${index}`;

  /** Tells those who were asked, and have not decided themselves, that nothing is left to decide: once. */
  async function sendClosed(notice: ClosedNotice, values: ChannelValues): Promise<void> {
    const request = requestTold(notice);
    if (request === null) return;
    const times = request.asked.type === "approval" ? request.asked.escalations : 0;
    for (const to of recipientsOf(notice, request)) {
      const keys = Array.from({ length: times + 1 }, (_, time) => sentKey(`${request.id}.${time}`, to, 0));
      const asked = await Promise.all(keys.map((key) => values.getValue(key)));
      const knows = hasDecided(notice, kind, to.slice(prefix.length));
      if (knows || asked.every((value) => value === undefined)) continue;
      const about = { id: `${notice.requestId}.closed`, threadId: notice.threadId };
      await sendAll(to, [closedInWords(notice, request)], { notice: about, values });
    }
  }

  return {
    name,
    wants(notice) {
      if (notice.kind !== "request") return true;
      const request = pendingIn(notice);
      return request !== undefined && recipientsOf(notice, request).length > 0;
    },
    async deliver(notice, signal, values) {
      if (notice.kind === "request") return sendRequest(notice, values, signal);
      const to = numberIn(notice.address, prefix);
      if (to === undefined) throw new Error("the thread's address is no number");
      await sendAll(to, splitText(describeNews(notice)), { notice, values, signal });
    },
    async update(notice, values) {
      if (notice.kind === "closed" && options.tellClosed !== false) await sendClosed(notice, values);
    },
    async receive(request, runtime) {
      const body = await request.text();
      const params = readTwilio(body, request.headers.get("x-twilio-signature"), options);
      if (params === undefined) return new Response("the request is not signed by Twilio", { status: 401 });
      const number = params.get("From") ?? "";
      const id = params.get("MessageSid") ?? "";
      const [, ownPrefix = "", plain = ""] = NUMBER.exec(number) ?? [];
      if (params.get("AccountSid") !== options.accountSid || params.get("To") !== from) {
        return dropDelivery("the text is for another account or number");
      }
      if (plain === "" || ownPrefix !== prefix || id === "") return dropDelivery("it is no text of a number");
      if (options.allow !== undefined && !isAllowed(options.allow, plain)) {
        return dropDelivery("this number may not write");
      }
      const incoming = {
        id,
        number,
        from: verifiedBy(kind, plain),
        text: (params.get("Body") ?? "").replaceAll("\r\n", "\n").toWellFormed(),
      };
      return takeText(incoming, runtime, {
        name,
        agent: options.agent,
        codes,
        now: clock.now(),
        conversationMs: conversationHours * HOUR_MS,
        explain: (to, why) =>
          sendText(
            options,
            { from, to, body: `Your answer had no effect: ${visibleLine(why, 300)}` },
            undefined,
          ).catch(() => {}),
      });
    },
  };
}

function pendingIn({ thread, requestId }: RequestNotice): HumanRequest | undefined {
  const request = pendingRequest(thread);
  return request?.id === requestId ? request : undefined;
}

function defaultRecipients(
  { to, kind }: HumanRequest,
  channel: string,
  asker: readonly string[],
): readonly string[] {
  if (to === null) return kind === "question" ? asker : [];
  return to.flatMap((pattern) =>
    pattern.startsWith(`${channel}:`) ? [pattern.slice(channel.length + 1)] : [],
  );
}

/** The number as Twilio names it on this channel. */
function numberIn(text: string, prefix: string): string | undefined {
  const [, , plain] = NUMBER.exec(text) ?? [];
  return plain === undefined ? undefined : `${prefix}${plain}`;
}
