import { createTransport } from "nodemailer";
import { addressOf } from "../../base/allow-list.ts";
import type { Clock } from "../../base/clock.ts";
import { atOnce } from "../../base/hooks.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { ChannelValues, ClosedNotice, NewsNotice, Notice, RequestNotice } from "../../humans/channel.ts";
import { type HumanRequest, pendingRequest, requestTold } from "../../humans/request.ts";
import { describeNews, describeRequest } from "../../present/describe-request.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { closedInWords, hasDecided } from "../closed-in-words.ts";
import { type Body, composeRequest, composeText } from "./compose.ts";
import type { EmailChannelOptions } from "./options.ts";
import { type Origin, readOrigin } from "./origin.ts";
import type { Signer } from "./signed.ts";

export interface MailerOptions {
  readonly options: EmailChannelOptions;
  readonly name: string;
  /** The channel's own address, without a name. */
  readonly own: string;
  readonly signer: Signer;
  readonly clock: Clock;
}

const SMTP_TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };
const DAY_MS = 86_400_000;

/** Sends what the channel tells people. */
export function createMailer({ options, name, own, signer, clock }: MailerOptions) {
  const { smtp, replyDays = 30 } = options;
  const [local = "", domain = ""] = own.split("@");
  const transport = createTransport(
    typeof smtp === "string" ? { url: smtp, ...SMTP_TIMEOUTS } : { ...SMTP_TIMEOUTS, ...smtp },
  );
  const inReplyDays = () => clock.now() + replyDays * DAY_MS;

  async function send(to: string, { subject, messageId, origin, key, body }: Outgoing): Promise<void> {
    const follows =
      origin.messageId === "" ? {} : { inReplyTo: origin.messageId, references: origin.messageId };
    await transport.sendMail({
      from: options.from,
      to: { name: "", address: to },
      replyTo: key === undefined ? own : `${local}+${key}@${domain}`,
      subject: visibleLine(subject),
      messageId,
      ...follows,
      headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
      text: body.text,
      html: body.html,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  function issueKey(threadId: ThreadId, to: string, { requestId, values }: KeyCase): Promise<string> {
    return signer.issue({ threadId, to, requestId, expiresAt: inReplyDays() }, values);
  }

  /** Which conversation a mail about a request belongs to. */
  function conversationOf(
    to: string,
    request: HumanRequest,
    { thread, threadId }: Pick<RequestNotice, "thread" | "threadId">,
  ): Pick<Outgoing, "subject" | "origin"> {
    const { via } = thread.state;
    const begun = via?.channel === name ? readOrigin(via.address) : undefined;
    const isReply = begun?.to === to;
    // All that is asked about a thread is one conversation for those who are asked.
    const root = { to, subject: "", messageId: signer.messageId(threadId, to, domain) };
    return {
      subject: isReply && begun.subject !== "" ? replyTo(begun.subject) : describeRequest(request).title,
      origin: isReply ? begun : root,
    };
  }

  async function askOne(to: string, { notice, request, values }: Asking): Promise<void> {
    const key = await issueKey(notice.threadId, to, { requestId: request.id, values });
    const link = atOnce("emailChannel: `link`", options.link?.(request, to));
    const ask = { code: signer.code(request, to), link, people: notice.people };
    await send(to, {
      ...conversationOf(to, request, notice),
      messageId: signer.messageId(notice.id, to, domain),
      key,
      body: composeRequest(request, ask),
    });
  }

  const sentKey = (id: string, to: string) => `email:${name}:sent:${id}:${to}`;

  /** Whether somebody has got a mail about the request, before or after an escalation. */
  async function wasAsked(to: string, { id, asked }: HumanRequest, values: ChannelValues): Promise<boolean> {
    const times = asked.type === "approval" ? asked.escalations : 0;
    const keys = Array.from({ length: times + 1 }, (_, time) => sentKey(`${id}.${time}`, to));
    const sent = await Promise.all(keys.map((key) => values.getValue(key)));
    return sent.some((value) => value !== undefined);
  }

  /** Notes down what was sent: after a crash, or if another recipient could not be reached, it is not sent again. */
  async function sendOnce(
    to: string,
    { notice, values }: Pick<Asking, "values"> & { readonly notice: Pick<Notice, "id" | "threadId"> },
    sendIt: () => Promise<void>,
  ): Promise<void> {
    const sent = sentKey(notice.id, to);
    if ((await values.getValue(sent)) !== undefined) return;
    await sendIt();
    await values.setValue(sent, "1", undefined, { about: notice.threadId, expiresAt: inReplyDays() });
  }

  const recipientsOf = (
    { thread }: Pick<RequestNotice, "thread">,
    request: HumanRequest,
  ): readonly string[] => {
    const { via } = thread.state;
    const asker = via?.channel === name ? readOrigin(via.address).to : undefined;
    const wanted = atOnce("emailChannel: `to`", options.to?.(request)) ?? defaultRecipients(request, asker);
    return [...new Set(wanted.flatMap((one) => addressOf(one) ?? []))];
  };

  return {
    /** Whether anybody is told of it by mail. */
    isForAnybody(notice: RequestNotice): boolean {
      const request = requestIn(notice);
      return request !== undefined && recipientsOf(notice, request).length > 0;
    },

    /** Tells everybody whom it is put to and who has not been told; throws if somebody could not be. */
    async sendRequest(notice: RequestNotice, values: ChannelValues): Promise<void> {
      const request = requestIn(notice);
      if (request === undefined) return;
      const failures: unknown[] = [];
      for (const to of recipientsOf(notice, request)) {
        try {
          await sendOnce(to, { notice, values }, () => askOne(to, { notice, request, values }));
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },

    /** Tells those who were asked, and have not decided themselves, that nothing is left to decide: once, and nobody need reply. */
    async sendClosed(notice: ClosedNotice, values: ChannelValues): Promise<void> {
      const request = requestTold(notice);
      if (request === null) return;
      const id = `${notice.requestId}.closed`;
      for (const to of recipientsOf(notice, request)) {
        if (hasDecided(notice, "email", to) || !(await wasAsked(to, request, values))) continue;
        const { subject, origin } = conversationOf(to, request, notice);
        const messageId = signer.messageId(id, to, domain);
        const body = composeText(closedInWords(notice, request));
        await sendOnce(to, { notice: { id, threadId: notice.threadId }, values }, () =>
          send(to, { subject: replyTo(subject), messageId, origin, body }),
        );
      }
    },

    async sendNews(notice: NewsNotice, values: ChannelValues): Promise<void> {
      const origin = readOrigin(notice.address);
      const key = await issueKey(notice.threadId, origin.to, { requestId: null, values });
      const subject = origin.subject === "" ? "Your request" : replyTo(origin.subject);
      const messageId = signer.messageId(notice.id, origin.to, domain);
      const body = composeText(describeNews(notice));
      await sendOnce(origin.to, { notice, values }, () =>
        send(origin.to, { subject, messageId, origin, key, body }),
      );
    },

    /** Tells a proven sender why their reply had no effect. */
    explain: (to: string, origin: Origin, why: string): Promise<void> =>
      send(to, {
        subject: replyTo(origin.subject),
        origin,
        body: composeText(`Your reply had no effect: ${visibleLine(why)}.`),
      }),
  };
}

interface Outgoing {
  readonly subject: string;
  readonly messageId?: string | undefined;
  /** The mail that it follows. */
  readonly origin: Origin;
  /** The key of the reply address. Absent: nobody need reply. */
  readonly key?: string | undefined;
  readonly body: Body;
}

interface KeyCase {
  readonly requestId: string | null;
  readonly values: ChannelValues;
}

interface Asking {
  readonly notice: RequestNotice;
  readonly request: HumanRequest;
  readonly values: ChannelValues;
}

function replyTo(subject: string): string {
  return /^re:/i.test(subject) ? subject : `Re: ${subject}`;
}

/** The request if it is still pending. */
function requestIn({ thread, requestId }: RequestNotice): HumanRequest | undefined {
  const request = pendingRequest(thread);
  return request?.id === requestId ? request : undefined;
}

function defaultRecipients({ to, kind }: HumanRequest, asker: string | undefined): readonly string[] {
  if (to === null) return kind === "question" && asker !== undefined ? [asker] : [];
  return to.flatMap((pattern) => /^(?:email|\*):(.+)$/.exec(pattern)?.[1] ?? []);
}
