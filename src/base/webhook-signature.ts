import { createHmac } from "node:crypto";

/*
 * Standard Webhooks 1.0 (https://www.standardwebhooks.com), for who sends and who receives.
 */

/** The secret as bytes: base64 after `whsec_`. `undefined` if no sender could sign with it. */
export function webhookSecret(secret: string): Buffer | undefined {
  const text = secret.replace(/^whsec_/, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.length >= 16 ? bytes : undefined;
}

/** What is signed: the id of the delivery, its time in seconds as text, and the body's bytes as they are sent. */
export interface SignedDelivery {
  readonly id: string;
  readonly timestamp: string;
  readonly body: string | Uint8Array;
}

/** The signature's bytes; in the header they stand in base64 after `v1,`. */
export function signDelivery(key: Uint8Array, { id, timestamp, body }: SignedDelivery): Buffer {
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
}
