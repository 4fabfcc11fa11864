import { both, check, fields, optional, text } from "../base/checks.ts";
import { limitTime } from "../base/deadlines.ts";
import type { Json } from "../base/json.ts";
import { address, checkOptions, durationMs, nonEmptyName } from "../base/options.ts";
import { signDelivery, webhookSecret } from "../base/webhook-signature.ts";
import type { Channel, ClosedNotice, NewsNotice, RequestNotice } from "../humans/channel.ts";
import { type HumanRequest, pendingRequest } from "../humans/request.ts";

export interface WebhookChannelOptions {
  /** The channel's name among the channels of the runtime. Default `webhook`. */
  readonly name?: string;
  /** The address that requests are posted to: `https:`, or `http:` on this machine. */
  readonly url: string;
  /**
   * Signs each delivery: base64 of at least 16 bytes, with or without `whsec_` before it. The receiver has the same
   * secret.
   */
  readonly secret: string;
  /** How long to wait for an answer, in ms. Default 10,000. */
  readonly timeoutMs?: number;
}

/** A request to people as it is posted; the data of `closed` says what closed it. */
export type WebhookMessage =
  | {
      readonly type: "request.opened";
      /** An ISO 8601 time. */
      readonly timestamp: string;
      /** `mayBeRepeated` is true if this may have been posted before; then the `webhook-id` is the same. */
      readonly data: PostedRequest & { readonly mayBeRepeated: boolean };
    }
  | {
      readonly type: "request.closed";
      readonly timestamp: string;
      readonly data: {
        readonly id: string;
        readonly threadId: string;
        readonly by: ClosedNotice["by"]["type"];
      };
    }
  /** How a thread goes on that came from this channel. */
  | {
      readonly type: `thread.${NewsNotice["kind"]}`;
      readonly timestamp: string;
      readonly data: PostedNews;
    };

/** A progress note, or how a run ended, as it is posted. */
export interface PostedNews {
  readonly threadId: string;
  readonly agent: string;
  /** The address that was given when the thread was started. */
  readonly address: string;
  readonly mayBeRepeated: boolean;
  /** A progress note. */
  readonly text?: string;
  readonly result?: Json;
  readonly error?: { readonly name: string; readonly message: string };
  /** Why it was cancelled; `null` if nobody said. */
  readonly reason?: string | null;
}

/** The parts of a request that are posted: what the person who decides is shown, and what an answer needs. */
export type PostedRequest = Pick<
  HumanRequest,
  | "id"
  | "threadId"
  | "agent"
  | "path"
  | "kind"
  | "urgency"
  | "accepts"
  | "to"
  | "card"
  | "digest"
  | "expiresAt"
  | "askedAt"
> & {
  /** The question's text; `null` for an approval. */
  readonly question: string | null;
};

const OPTIONS = fields({
  name: optional(nonEmptyName),
  url: both(address, check(problemWithUrl)),
  secret: both(
    text(),
    check((value) =>
      webhookSecret(String(value)) === undefined
        ? "must be base64 of at least 16 random bytes, with or without whsec_ before it"
        : undefined,
    ),
  ),
  timeoutMs: optional(durationMs),
});

/**
 * A channel that posts each request for people, and its end, to one address, signed according to Standard Webhooks 1.0.
 * Answers come back through the HTTP API. Any answer other than 2xx counts as not delivered, and the runtime tries
 * again later. Redirects are not followed. Throws `UsageError` (`invalid_configuration`) for invalid options.
 *
 * @example
 * const channel = webhookChannel({ url: "https://desk.example.com/hooks", secret: process.env.WEBHOOK_SECRET ?? "" });
 */
export function webhookChannel(options: WebhookChannelOptions): Channel {
  checkOptions("webhookChannel", OPTIONS, options);
  const { name = "webhook", url, secret, timeoutMs = 10_000 } = options;
  const key = webhookSecret(secret) ?? Buffer.alloc(0);

  async function post(id: string, message: WebhookMessage, signal: AbortSignal | undefined): Promise<void> {
    const body = JSON.stringify(message);
    const timestamp = String(Math.floor(Date.parse(message.timestamp) / 1000));
    const signature = signDelivery(key, { id, timestamp, body }).toString("base64");
    const response = await fetch(url, {
      method: "POST",
      body,
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${signature}`,
      },
      signal: limitTime(timeoutMs, signal),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`${new URL(url).origin} answered ${response.status}`);
  }

  return {
    name,
    async deliver(notice, signal) {
      if (notice.kind !== "request") {
        const message = {
          type: `thread.${notice.kind}`,
          timestamp: now(),
          data: postedNews(notice),
        } as const;
        return post(notice.id, message, signal);
      }
      const request = postedRequest(notice);
      // Answered in the meantime: `update` will say so.
      if (request === undefined) return;
      const data = { ...request, mayBeRepeated: notice.mayBeRepeated };
      // After an escalation, people are told again; that is another message.
      const id = `${notice.requestId}.opened.${escalationsOf(notice)}`;
      await post(id, { type: "request.opened", timestamp: now(), data }, signal);
    },
    async update({ kind, requestId, threadId, by }) {
      if (kind !== "closed") return;
      const data = { id: requestId, threadId, by: by.type };
      await post(`${requestId}.closed`, { type: "request.closed", timestamp: now(), data }, undefined);
    },
  };
}

function postedNews(notice: NewsNotice): PostedNews {
  const { threadId, thread, address, mayBeRepeated } = notice;
  const about = { threadId, agent: thread.state.agent, address, mayBeRepeated };
  switch (notice.kind) {
    case "progress":
      return { ...about, text: notice.text };
    case "finished":
      return { ...about, result: notice.result };
    case "failed":
      return { ...about, error: { name: notice.error.name, message: notice.error.message } };
    case "cancelled":
      return { ...about, reason: notice.reason };
    default:
      return notice satisfies never;
  }
}

function escalationsOf({ request }: RequestNotice): number {
  return request.type === "approval" ? request.escalations : 0;
}

/** The time of the delivery. The receiver compares it with a clock, so it is the machine's. */
function now(): string {
  return new Date().toISOString();
}

function postedRequest({ thread, requestId }: RequestNotice): PostedRequest | undefined {
  const pending = pendingRequest(thread);
  if (pending === null || pending.id !== requestId) return undefined;
  const { said: _, reasons: __, requesters: ___, asked, ...posted } = pending;
  return { ...posted, question: asked.type === "approval" ? null : asked.question };
}

function problemWithUrl(value: unknown): string | undefined {
  const { protocol, hostname, username, password } = new URL(String(value));
  if (username !== "" || password !== "") return "must not hold a name or a password";
  if (protocol === "https:") return undefined;
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  return protocol === "http:" && isHere ? undefined : "must begin with https: (or http: on this machine)";
}
