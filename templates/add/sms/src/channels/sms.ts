import { smsChannel } from "twelvefold/sms";

/** People write to the agent by SMS, and decide by a code. sms.md says how to set it up. */
export function createSmsChannel(env: Readonly<Record<string, string | undefined>>) {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from } = env;
  const { TWILIO_WEBHOOK: url, TWELVEFOLD_SECRET: secret } = env;
  if (!accountSid || !authToken || !from || !url || !secret) {
    throw new Error(
      "the SMS channel needs TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM, TWILIO_WEBHOOK and TWELVEFOLD_SECRET",
    );
  }
  // The agent that is written to: yours.
  return smsChannel({ accountSid, authToken, from, url, secret, agent: "agent" });
}
