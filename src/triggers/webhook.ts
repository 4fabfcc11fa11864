import { UsageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { verifiedBy } from "../humans/principal.ts";
import type { Sender } from "../runtime/input.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { isAllowed } from "./allow-list.ts";
import { webhookSecret } from "./standard-webhooks.ts";

/** A genuine delivery from an allowed sender. */
export interface WebhookDelivery {
  /** `webhook-id`: the same when the sender tries again. */
  readonly id: string;
  readonly payload: Json;
  readonly sender: string | undefined;
}

/** What to do about a delivery; `null`: nothing. */
export type WebhookAction =
  | { readonly launch: { readonly agent: string; readonly message: string } }
  /** `from`: who asks for it, made with `verifiedBy`, or `"system"` for nobody. Absent: nobody can say. */
  | {
      readonly launch: {
        readonly agent: string;
        readonly event: { readonly name: string };
        readonly from?: Sender | undefined;
      };
    }
  /** A named event: to one thread, or to every thread that waits for it. Its payload is the delivery's. */
  | {
      readonly event: {
        readonly name: string;
        readonly threadId?: ThreadId;
        readonly from?: Sender | undefined;
      };
    }
  | null;

/** A webhook at `/webhooks/<name>`, signed as Standard Webhooks says. */
export interface WebhookOptions {
  readonly name: string;
  /** Any of these may have signed: `whsec_…`, at least 128 bits. */
  readonly secrets: readonly string[];
  /**
   * Must be pure: a delivery that comes again is asked about again. What it throws is answered with 500, and the
   * sender tries again.
   */
  readonly action: (delivery: WebhookDelivery) => WebhookAction;
  /** Who a payload says it is from. Needed with `allow`. */
  readonly sender?: (payload: Json) => string | undefined;
  /** Only these senders; see `isAllowed`. Absent: whoever has a secret. */
  readonly allow?: readonly string[];
}

export type Webhook = WebhookOptions;

/**
 * Checks the settings. Throws `UsageError` for secrets that are too short, or an allow-list that nobody can be
 * checked against.
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

/** Acts on a delivery, once however often it comes. Gives the threads it started or advanced. */
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
  return [(await runtime.launch({ agent: launch.agent, input, once })).threadId];
}
