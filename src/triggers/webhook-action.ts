import { type ErrorCode, TwelvefoldError } from "../base/errors.ts";
import type { RequestId, ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { type VerifiedPrincipal, verifiedBy } from "../humans/principal.ts";
import type { HumanResponse } from "../humans/respond.ts";
import type { Sender } from "../runtime/input.ts";
import { isRefusal, respondOnce } from "../runtime/respond-once.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Via } from "../thread/events.ts";
import type { Webhook, WebhookDelivery } from "./webhook.ts";

/** What every launch of a webhook may say. */
export interface WebhookLaunch {
  readonly agent: string;
  /** The id of the thread. A delivery whose thread exists already, because another delivery began it, is dropped. Default: random. */
  readonly threadId?: ThreadId | undefined;
  /** The channel and address that are told how it goes: see `Launch.via`. */
  readonly via?: Via | undefined;
}

/**
 * What to do about a delivery. Where a person is needed and none is named, the person is `webhook:<name>` with the id of the
 * delivery's sender, or the webhook's own name if `sender` returns none.
 */
export type WebhookAction =
  | {
      readonly launch: WebhookLaunch & {
        readonly message: string;
        /** Who wrote it, if that is proven otherwise. */
        readonly from?: VerifiedPrincipal | undefined;
      };
    }
  | {
      readonly launch: WebhookLaunch & {
        /** `payload`: default the delivery's. */
        readonly event: { readonly name: string; readonly payload?: Json | undefined };
        /** Who asks for it, made with `verifiedBy`, or `"system"` for nobody. Absent if that is not known. */
        readonly from?: Sender | undefined;
      };
    }
  /** Adds a message to a thread. */
  | {
      readonly message: {
        readonly threadId: ThreadId;
        readonly text: string;
        readonly from?: VerifiedPrincipal | undefined;
      };
    }
  /** Answers a request, as a person whom policies know by this principal. */
  | {
      readonly respond: {
        readonly requestId: RequestId;
        readonly response: HumanResponse;
        readonly from?: VerifiedPrincipal | undefined;
      };
    }
  /** Sends a named event to one thread, or to every thread that waits for it. */
  | {
      readonly event: {
        readonly name: string;
        /** Default: the delivery's. */
        readonly payload?: Json | undefined;
        readonly threadId?: ThreadId;
        readonly from?: Sender | undefined;
      };
    }
  /** Does nothing; the reason is recorded. */
  | { readonly drop: string }
  /** Does nothing. */
  | null;

/** What came of a delivery. */
export interface Delivered {
  /** The threads that it started or advanced. */
  readonly threads: readonly ThreadId[];
  /** Why nothing was done about it, and nothing will be if it comes again. */
  readonly dropped?: string | undefined;
}

/**
 * Acts on a delivery once, however often it comes. A delivery that does not fit (any more) is dropped: its sender could only
 * send it again.
 */
export async function deliver(
  runtime: Runtime,
  webhook: Webhook,
  delivery: WebhookDelivery,
): Promise<Delivered> {
  const todo = await webhook.action(delivery);
  if (todo === null) return { threads: [] };
  if ("drop" in todo) return { threads: [], dropped: todo.drop };
  try {
    return { threads: await act(runtime, todo, originOf(webhook, delivery)) };
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || !isLasting(todo, error.code)) throw error;
    return { threads: [], dropped: error.message };
  }
}

type Todo = Exclude<WebhookAction, null | { readonly drop: string }>;

/** What a delivery says of itself wherever it is used. */
interface Origin {
  readonly source: string;
  readonly once: string;
  readonly delivery: WebhookDelivery;
  /** Who sent it. Called only where a person is needed. */
  sender(): VerifiedPrincipal;
}

function originOf({ name }: Webhook, delivery: WebhookDelivery): Origin {
  const source = `webhook:${name}`;
  return {
    source,
    once: `webhook:${name}:${delivery.id}`,
    delivery,
    sender: () => verifiedBy(source, delivery.sender ?? name),
  };
}

async function act(runtime: Runtime, todo: Todo, origin: Origin): Promise<readonly ThreadId[]> {
  const { once, source, delivery } = origin;
  if ("launch" in todo) return [await launch(runtime, todo.launch, origin)];
  if ("message" in todo) {
    const { threadId, text, from = origin.sender() } = todo.message;
    return [(await runtime.message(threadId, text, from, once)).id];
  }
  if ("respond" in todo) {
    const { requestId, response, from = origin.sender() } = todo.respond;
    return [await (await respondOnce(runtime, { requestId, response, by: from })).threadId];
  }
  const { threadId, name, payload = delivery.payload, from } = todo.event;
  const received = { name, source, payload, from };
  if (threadId === undefined) return runtime.emit(received, once);
  return [(await runtime.receive(threadId, received, once)).id];
}

async function launch(
  runtime: Runtime,
  wanted: Extract<Todo, { readonly launch: unknown }>["launch"],
  { once, source, delivery, sender }: Origin,
): Promise<ThreadId> {
  const { agent, threadId, via } = wanted;
  const input =
    "message" in wanted
      ? { message: wanted.message, from: wanted.from ?? sender() }
      : {
          event: {
            name: wanted.event.name,
            source,
            payload: wanted.event.payload ?? delivery.payload,
          },
          from: wanted.from,
        };
  const named = threadId === undefined ? {} : { threadId };
  return (await runtime.launch({ agent, input, via, once, ...named })).threadId;
}

/** Whether the same delivery would meet the same error again, whatever is done here. */
function isLasting(todo: Todo, code: ErrorCode): boolean {
  // An unknown agent, or one that must know its requester, is a fault of the configuration: it can be mended.
  if ("launch" in todo) return code === "conflict" || code === "sequence_conflict";
  return isRefusal(code) || code === "not_found" || code === "invalid_argument";
}
