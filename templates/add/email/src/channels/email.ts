import { type EmailChannel, emailChannel } from "twelvefold/email";

/** People write to `MAIL_FROM`, and are answered over `SMTP_URL`. email.md says how to set it up. */
export function createEmailChannel(env: Readonly<Record<string, string | undefined>>): EmailChannel {
  const { MAIL_FROM: from, SMTP_URL: smtp, TWELVEFOLD_SECRET: secret, MAIL_HOOK_SECRET: hook } = env;
  if (!from || !smtp || !secret)
    throw new Error("the mail channel needs MAIL_FROM, SMTP_URL and TWELVEFOLD_SECRET");
  // The agent that new mails are for: yours.
  return emailChannel({ from, smtp, secret, agent: "agent", ...(hook ? { secrets: [hook] } : {}) });
}
