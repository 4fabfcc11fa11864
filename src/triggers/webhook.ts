import { UsageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { webhookSecret } from "../base/webhook-signature.ts";
import { verifiedBy } from "../humans/principal.ts";
import type { Sender } from "../runtime/input.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Via } from "../thread/events.ts";
import { isAllowed } from "./allow-list.ts";

/** A genuine delivery from an allowed sender. */
export interface WebhookDelivery {
  /** The header `webhook-id`, which stays the same when the sender tries again. */
  readonly id: string;
  readonly payload: Json;
  readonly sender: string | undefined;
}

/** What to do about a delivery; `null` means nothing. */
export type WebhookAction =
  | { readonly launch: { readonly agent: string; readonly message: string; readonly via?: Via | undefined } }
  /** `from` is who asks for it, made with `verifiedBy`, or `"system"` for nobody. Absent if that is not known. */
  | {
      readonly launch: {
        readonly agent: string;
        readonly event: { readonly name: string };
        readonly from?: Sender | undefined;
        /** The channel and address that are told how it goes: see `Launch.via`. */
        readonly via?: Via | undefined;
      };
    }
  /** Sends a named event to one thread, or to every thread that waits for it. Its payload is the delivery's. */
  | {
      readonly event: {
        readonly name: string;
        readonly threadId?: ThreadId;
        readonly from?: Sender | undefined;
      };
    }
  | null;

/** A webhook at `/webhooks/<name>`, signed according to Standard Webhooks. */
export interface WebhookOptions {
  readonly name: string;
  /** A delivery may be signed with any of these: `whsec_…`, at least 128 bits each. */
  readonly secrets: readonly string[];
  /**
   * Decides what to do about a genuine delivery from an allowed sender. Must be pure: it is called again whenever the same
   * delivery comes again. If it throws, the answer is 500 and the sender tries again.
   */
  readonly action: (delivery: WebhookDelivery) => WebhookAction;
  /** Returns who a payload says it is from. Called for each genuine delivery; required with `allow`. */
  readonly sender?: (payload: Json) => string | undefined;
  /** The senders to accept; see `isAllowed`. Default: anybody who signs with one of the secrets. */
  readonly allow?: readonly string[];
}

export type Webhook = WebhookOptions;

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

/** Acts on a delivery once, however often it comes. Returns the threads it started or advanced. */
export async function deliver(
  runtime: Runtime,
  { name, action }: Webhook,
  delivery: WebhookDelivery,
): Promise<readonly ThreadId[]> {
  const todo = action(delivery);
  if (todo === null) return [];
  const once = `webhook:${name}:${delivery.id}`;
  const source = `webhook:${name}`;
  const { payload } = delivery;
  if ("event" in todo) {
    const { threadId, name: event, from } = todo.event;
    const received = { name: event, source, payload, from };
    if (threadId === undefined) return runtime.emit(received, once);
    return [(await runtime.receive(threadId, received, once)).id];
  }
  const { launch } = todo;
  const input =
    "message" in launch
      ? { message: launch.message, from: verifiedBy(source, delivery.sender ?? name) }
      : { event: { name: launch.event.name, source, payload }, from: launch.from };
  return [(await runtime.launch({ agent: launch.agent, input, via: launch.via, once })).threadId];
}
