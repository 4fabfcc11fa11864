import { createTransport } from "nodemailer";
import { addressOf } from "../../base/allow-list.ts";
import { systemClock } from "../../base/clock.ts";
import { verifyWebhook, webhookHeaders } from "../../base/standard-webhooks.ts";
import type { ChannelValues, NewsNotice, Notice, RequestNotice } from "../../humans/channel.ts";
import { type HumanRequest, pendingRequest } from "../../humans/request.ts";
import { describeNews, describeRequest } from "../../present/describe-request.ts";
import { visibleLine } from "../../present/visible-text.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { dropDelivery, type InboundChannel } from "../inbound.ts";
import { type Body, composeRequest, composeText } from "./compose.ts";
import { DnsFailure } from "./identity.ts";
import { checkEmailOptions, type EmailChannelOptions } from "./options.ts";
import { type Origin, readOrigin } from "./origin.ts";
import { createSigner } from "./signed.ts";
import { type MailOutcome, takeMail } from "./take-mail.ts";

export interface EmailChannel extends InboundChannel {
  /**
   * Takes in one mail as its bytes, as a mail server hands it on. Throws if it can only be judged later: then it must come
   * again.
   */
  accept(raw: Uint8Array, runtime: Runtime): Promise<MailOutcome>;
}

const SMTP_TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };
const DAY_MS = 86_400_000;
const MAIL_BYTES = 10_000_000;

/**
 * A channel to people by mail. A mail starts a thread or goes on with it; how the thread goes on is answered to its sender, in
 * the same conversation. Requests are mailed to those who may answer, who reply. Senders are believed only if their domain has
 * signed the mail (DKIM). Needs the packages `nodemailer`, `postal-mime` and `mailauth`. Throws `UsageError`
 * (`invalid_configuration`) for invalid options.
 *
 * @example
 * const mail = emailChannel({ from: "Support <support@shop.example>", smtp: process.env.SMTP_URL ?? "", secret, agent: "support" });
 */
export function emailChannel(options: EmailChannelOptions): EmailChannel {
  checkEmailOptions(options);
  const { name = "email", secret, replyDays = 30, clock = systemClock } = options;
  const own = addressOf(options.from) ?? "";
  const [local = "", domain = ""] = own.split("@");
  const signer = createSigner(secret, name);
  const { smtp } = options;
  const transport = createTransport(
    typeof smtp === "string" ? { url: smtp, ...SMTP_TIMEOUTS } : { ...SMTP_TIMEOUTS, ...smtp },
  );

  async function send(to: string, { subject, messageId, origin, key, body }: Outgoing): Promise<void> {
    const replyTo = key === undefined ? own : `${local}+${key}@${domain}`;
    const followed = origin?.messageId;
    await transport.sendMail({
      from: options.from,
      to: { name: "", address: to },
      replyTo,
      subject: visibleLine(subject),
      messageId,
      ...(followed === undefined || followed === "" ? {} : { inReplyTo: followed, references: followed }),
      headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
      text: body.text,
      html: body.html,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async function sendNews(notice: NewsNotice, values: ChannelValues): Promise<void> {
    const origin = readOrigin(notice.address);
    const { id } = notice;
    const key = await signer.issue(replyFor(notice, origin.to, null), values);
    const subject = origin.subject === "" ? "Your request" : replyTo(origin.subject);
    const messageId = signer.messageId(id, origin.to, domain);
    await send(origin.to, { subject, messageId, origin, key, body: composeText(describeNews(notice)) });
  }

  async function sendRequest(notice: RequestNotice, values: ChannelValues): Promise<void> {
    const request = requestIn(notice);
    if (request === undefined) return;
    const failures: unknown[] = [];
    for (const to of recipientsOf(notice, request)) {
      const sent = `email:${name}:sent:${notice.id}:${to}`;
      if ((await values.getValue(sent)) !== undefined) continue;
      try {
        await askOne(to, { notice, request }, values);
        const expiresAt = clock.now() + replyDays * DAY_MS;
        await values.setValue(sent, "1", undefined, { about: notice.threadId, expiresAt });
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async function askOne(
    to: string,
    { notice, request }: { readonly notice: RequestNotice; readonly request: HumanRequest },
    values: ChannelValues,
  ): Promise<void> {
    const key = await signer.issue(replyFor(notice, to, request.id), values);
    const { via } = notice.thread.state;
    const begun = via?.channel === name ? readOrigin(via.address) : undefined;
    const origin = begun?.to === to ? begun : rootOf(notice, to);
    const subject =
      begun?.to === to && begun.subject !== "" ? replyTo(begun.subject) : describeRequest(request).title;
    const ask = { code: signer.code(request, to), link: options.link?.(request, to) };
    await send(to, {
      subject,
      messageId: signer.messageId(notice.id, to, domain),
      origin,
      key,
      body: composeRequest(request, ask),
    });
  }

  /** All that is asked about a thread is one conversation for those who are asked. */
  function rootOf({ threadId }: RequestNotice, to: string): Origin {
    return { to, subject: "", messageId: signer.messageId(threadId, to, domain) };
  }

  function replyFor({ threadId }: Notice, to: string, requestId: string | null) {
    return { threadId, to, requestId, expiresAt: clock.now() + replyDays * DAY_MS };
  }

  function recipientsOf({ thread }: RequestNotice, request: HumanRequest): readonly string[] {
    const { via } = thread.state;
    const wanted =
      options.to?.(request) ?? defaultRecipients(request, via?.channel === name ? via.address : undefined);
    return [...new Set(wanted.flatMap((one) => addressOf(one) ?? []))];
  }

  const accept: EmailChannel["accept"] = (raw, runtime) =>
    takeMail(raw, {
      ...options,
      name,
      own,
      signer,
      now: clock.now(),
      runtime,
      explain: (to, origin, why) =>
        send(to, {
          subject: replyTo(origin.subject),
          origin,
          body: composeText(`Your reply had no effect: ${visibleLine(why)}.`),
        }),
    });

  return {
    name,
    maxBytes: MAIL_BYTES,
    wants: (notice) => {
      if (notice.kind !== "request") return true;
      const request = requestIn(notice);
      return request !== undefined && recipientsOf(notice, request).length > 0;
    },
    deliver: (notice, _signal, values) =>
      notice.kind === "request" ? sendRequest(notice, values) : sendNews(notice, values),
    accept,
    async receive(request, runtime) {
      const body = new Uint8Array(await request.arrayBuffer());
      const headers = webhookHeaders((header) => request.headers.get(header) ?? undefined);
      const problem = verifyWebhook(body, headers, options.secrets ?? [], clock.now());
      if (problem !== undefined) return new Response(problem, { status: 401 });
      try {
        const outcome = await accept(body, runtime);
        return outcome.kind === "dropped" ? dropDelivery(outcome.why ?? "") : Response.json(outcome);
      } catch (error) {
        if (!(error instanceof DnsFailure)) throw error;
        return new Response(error.message, { status: 503, headers: { "retry-after": "60" } });
      }
    },
  };
}

interface Outgoing {
  readonly subject: string;
  readonly messageId?: string | undefined;
  readonly origin?: Origin | undefined;
  /** The key of the reply address. Absent: nobody need reply. */
  readonly key?: string | undefined;
  readonly body: Body;
}

function replyTo(subject: string): string {
  return /^re:/i.test(subject) ? subject : `Re: ${subject}`;
}

/** The request if it is still pending. */
function requestIn({ thread, requestId }: RequestNotice): HumanRequest | undefined {
  const request = pendingRequest(thread);
  return request?.id === requestId ? request : undefined;
}

function defaultRecipients({ to, kind }: HumanRequest, via: string | undefined): readonly string[] {
  if (to === null) return kind === "question" && via !== undefined ? [readOrigin(via).to] : [];
  return to.flatMap((pattern) => (pattern.startsWith("email:") ? [pattern.slice("email:".length)] : []));
}
