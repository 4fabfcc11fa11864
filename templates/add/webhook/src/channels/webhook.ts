import type { Channel } from "twelvefold";
import { webhookChannel } from "twelvefold/channels";

/** Posts each request to people to the service of `WEBHOOK_URL`, signed with `WEBHOOK_SECRET`. webhook.md says how to set it up. */
export function createWebhookChannel(env: Readonly<Record<string, string | undefined>>): Channel {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret } = env;
  if (!url || !secret) throw new Error("the webhook channel needs WEBHOOK_URL and WEBHOOK_SECRET");
  return webhookChannel({ url, secret });
}
