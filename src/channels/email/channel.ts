import { addressOf } from "../../base/allow-list.ts";
import { systemClock } from "../../base/clock.ts";
import { verifyWebhook, webhookHeaders } from "../../base/standard-webhooks.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { dropDelivery, type InboundChannel } from "../inbound.ts";
import { DnsFailure } from "./identity.ts";
import { createMailer } from "./mailer.ts";
import { checkEmailOptions, type EmailChannelOptions } from "./options.ts";
import { createSigner } from "./signed.ts";
import { type MailOutcome, takeMail } from "./take-mail.ts";

export interface EmailChannel extends InboundChannel {
  /**
   * Takes in one mail as its bytes, as a mail server hands it on. Throws if it can only be judged later: then it must come
   * again.
   */
  accept(raw: Uint8Array, runtime: Runtime): Promise<MailOutcome>;
}

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
  const { name = "email", clock = systemClock } = options;
  const own = addressOf(options.from) ?? "";
  const signer = createSigner(options.secret, name);
  const mailer = createMailer({ options, name, own, signer, clock });
  const { explain } = mailer;
  const accept: EmailChannel["accept"] = (raw, runtime) =>
    takeMail(raw, { ...options, name, own, signer, now: clock.now(), runtime, explain });

  return {
    name,
    maxBytes: MAIL_BYTES,
    wants: (notice) => notice.kind !== "request" || mailer.isForAnybody(notice),
    deliver: (notice, _signal, values) =>
      notice.kind === "request" ? mailer.sendRequest(notice, values) : mailer.sendNews(notice, values),
    async update(notice, values) {
      if (notice.kind === "closed" && options.tellClosed !== false) await mailer.sendClosed(notice, values);
    },
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
