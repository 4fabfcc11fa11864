import { timingSafeEqual } from "node:crypto";
import { signDelivery, webhookSecret } from "./webhook-signature.ts";

/** How many seconds a delivery's time may be off, either way. */
const WINDOW_SECONDS = 300;

/** The three headers of a delivery: `webhook-id`, `webhook-timestamp`, `webhook-signature`; Svix names them `svix-…`. */
export interface WebhookHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** The headers of a delivery: those of the standard, or the same under the names of Svix. Never some of each. */
export function webhookHeaders(header: (name: string) => string | undefined): WebhookHeaders {
  const prefix = header("webhook-id") === undefined && header("svix-id") !== undefined ? "svix" : "webhook";
  return {
    id: header(`${prefix}-id`),
    timestamp: header(`${prefix}-timestamp`),
    signature: header(`${prefix}-signature`),
  };
}

/**
 * Checks a delivery as Standard Webhooks 1.0 says (https://www.standardwebhooks.com): an HMAC over id, time and
 * the body's bytes as received, at most five minutes off. Any of the secrets may have signed it, so that secrets can be
 * changed without losing deliveries. Returns what is wrong, or `undefined` if the delivery is genuine. `now` is in
 * milliseconds since the epoch.
 *
 * @example
 * const headers = webhookHeaders((name) => request.headers.get(name) ?? undefined);
 * const problem = verifyWebhook(await request.text(), headers, [secret], Date.now());
 * if (problem !== undefined) return new Response(problem, { status: 401 });
 */
export function verifyWebhook(
  body: string | Uint8Array,
  { id, timestamp, signature }: WebhookHeaders,
  secrets: readonly string[],
  now: number,
): string | undefined {
  if (id === undefined || id === "" || timestamp === undefined || signature === undefined) {
    return "the headers webhook-id, webhook-timestamp and webhook-signature are needed";
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(id) || !/^\d{1,12}$/.test(timestamp))
    return "the webhook headers are malformed";
  if (Math.abs(now / 1000 - Number(timestamp)) > WINDOW_SECONDS) {
    return "the delivery is too old, or its time lies in the future";
  }
  const signatures = signature
    .split(" ")
    .filter((part) => part.startsWith("v1,"))
    .map((part) => Buffer.from(part.slice(3), "base64"));
  const genuine = secrets.some((secret) => {
    const key = webhookSecret(secret);
    if (key === undefined) return false;
    const wanted = signDelivery(key, { id, timestamp, body });
    return signatures.some((bytes) => bytes.length === wanted.length && timingSafeEqual(bytes, wanted));
  });
  return genuine ? undefined : "the signature is not valid";
}
