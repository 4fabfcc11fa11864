import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { limitTime } from "../../base/deadlines.ts";

/** The parameters of a request of Twilio, as it sends them. */
export type TwilioParams = ReadonlyMap<string, string>;

/**
 * The signature that Twilio puts in `X-Twilio-Signature`: over the address that it was told to call, and all parameters, sorted
 * (https://www.twilio.com/docs/usage/security).
 *
 * @example
 * signTwilio(authToken, "https://agents.example.com/channels/sms", params);
 */
export function signTwilio(authToken: string, url: string, params: TwilioParams): string {
  const names = [...params.keys()].sort();
  const text = names.map((name) => `${name}${params.get(name) ?? ""}`).join("");
  return createHmac("sha1", authToken).update(`${url}${text}`).digest("base64");
}

/** The parameters of a genuine request; `undefined` if Twilio has not signed it, or if one of them stands in it twice. */
export function readTwilio(
  body: string,
  signature: string | null,
  { authToken, url }: { readonly authToken: string; readonly url: string },
): TwilioParams | undefined {
  const pairs = [...new URLSearchParams(body)];
  const params = new Map(pairs);
  if (signature === null || params.size !== pairs.length) return undefined;
  const wanted = Buffer.from(signTwilio(authToken, url, params));
  const given = Buffer.from(signature);
  return wanted.length === given.length && timingSafeEqual(wanted, given) ? params : undefined;
}

export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
  /** Default `https://api.twilio.com/`. */
  readonly apiUrl?: string | undefined;
}

export interface TextMessage {
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;
const problem = z.object({ code: z.number().optional(), message: z.string().optional() });

/** Sends one message. Throws if Twilio does not take it. */
export async function sendText(
  { accountSid, authToken, apiUrl = "https://api.twilio.com/" }: TwilioAccount,
  { from, to, body }: TextMessage,
  signal: AbortSignal | undefined,
): Promise<void> {
  const response = await fetch(new URL(`2010-04-01/Accounts/${accountSid}/Messages.json`, apiUrl), {
    method: "POST",
    redirect: "error",
    headers: {
      authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ From: from, To: to, Body: body }),
    signal: limitTime(TIMEOUT_MS, signal),
  });
  if (response.ok) return void (await response.body?.cancel());
  const { code, message } = problem.catch({}).parse(await response.json().catch(() => ({})));
  throw new Error(
    `Twilio answered ${response.status}${code === undefined ? "" : ` (${code}: ${message ?? ""})`}`,
  );
}
