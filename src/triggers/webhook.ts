import { isAllowed } from "../base/allow-list.ts";
import { fields, list, optional, text } from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { callback, checkOptions, nonEmptyName } from "../base/options.ts";
import { webhookSecret } from "../base/webhook-signature.ts";
import type { WebhookAction } from "./webhook-action.ts";

/** A genuine delivery from an allowed sender. */
export interface WebhookDelivery {
  /** The header `webhook-id` or `svix-id`, which stays the same when the sender tries again. */
  readonly id: string;
  readonly payload: Json;
  readonly sender: string | undefined;
}

/** A webhook at `/webhooks/<name>`, signed according to Standard Webhooks. */
export interface WebhookOptions {
  readonly name: string;
  /** A delivery may be signed with any of these: `whsec_…`, at least 128 bits each. */
  readonly secrets: readonly string[];
  /**
   * Decides what to do about a genuine delivery from an allowed sender; it may look things up first. It is called again
   * whenever the same delivery comes again, and must then give the same. If it throws, the answer is 500 and the sender tries
   * again.
   */
  readonly action: (delivery: WebhookDelivery) => WebhookAction | Promise<WebhookAction>;
  /**
   * Returns who a payload says it is from; `undefined` if it does not say, which is nobody whom `allow` lists. Called once for each
   * genuine delivery, before `action`. If it throws, the answer is 500 and the sender tries again. Required with `allow`.
   */
  readonly sender?: (payload: Json) => string | undefined;
  /** The senders to accept; see `isAllowed`. Default: anybody who signs with one of the secrets. */
  readonly allow?: readonly string[];
}

export type Webhook = WebhookOptions;

const WEBHOOK = fields({
  name: nonEmptyName,
  secrets: list(text()),
  action: callback,
  sender: optional(callback),
  // An address without anybody behind it is the business of `isAllowed`.
  allow: optional(list(text())),
});

/**
 * Declares a webhook and checks its settings. Throws `UsageError` if there is no secret or one is too short, or if there is
 * an allow-list but no `sender`.
 *
 * @example
 * webhook({
 *   name: "orders",
 *   secrets: [secret],
 *   action: ({ payload }) => ({ launch: { agent: "support", message: `New order: ${JSON.stringify(payload)}` } }),
 * });
 */
export function webhook(options: WebhookOptions): Webhook {
  checkOptions(
    `webhook ${typeof options?.name === "string" ? options.name : "without a name"}`,
    WEBHOOK,
    options,
  );
  const invalid = (why: string) => new UsageError("invalid_configuration", `webhook ${options.name}: ${why}`);
  if (!/^[a-z0-9_-]{1,64}$/.test(options.name))
    throw invalid("a name has lower-case letters, digits, _ and -");
  if (options.secrets.length === 0) throw invalid("it needs a secret");
  if (options.secrets.some((secret) => webhookSecret(secret) === undefined)) {
    throw invalid("a secret is base64 of at least 16 bytes, after whsec_");
  }
  if (options.allow !== undefined && options.sender === undefined) {
    throw invalid("an allow-list needs `sender`, which says who a payload is from");
  }
  return options;
}

/** Whether the delivery's sender may send. */
export function mayDeliver({ allow }: Webhook, sender: string | undefined): boolean {
  return allow === undefined || (sender !== undefined && isAllowed(allow, sender));
}
