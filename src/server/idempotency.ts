import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { parseThreadId, type ThreadId } from "../base/ids.ts";
import { principalKey } from "../humans/principal.ts";
import type { ThreadStore } from "../store/store.ts";
import type { ServerEnv } from "./env.ts";
import { RequestError } from "./errors.ts";

/** The `Idempotency-Key` of this request, made unique across callers and addresses, to be passed on as `once`. */
export interface OnceEnv extends ServerEnv {
  Variables: ServerEnv["Variables"] & { once?: string };
}

const KEY = /^[\x21-\x7e]{1,200}$/;
const stored = z.object({
  /** A digest of the request. Absent after a refusal: the key is free again. */
  request: z.string().optional(),
  /** Absent while the first request is at work, or when its process died before it had answered. */
  answer: z
    .object({ status: z.number(), body: z.string(), headers: z.record(z.string(), z.string()) })
    .optional(),
});

/** How long an answer is kept. Even afterwards the same request changes nothing twice: threads keep their keys. */
const KEPT_MS = 7 * 24 * 3_600_000;

const FREE = "{}";

/** Claims the key. If it is already claimed, returns what is known of the request that has it. */
async function take(store: ThreadStore, once: string, claim: string, until: number) {
  let seen: string | undefined;
  while (!(await store.setValue(once, claim, seen, { expiresAt: until }))) {
    seen = await store.getValue(once);
    const known = seen === undefined || seen === FREE ? undefined : stored.parse(JSON.parse(seen));
    if (known !== undefined) return known;
  }
  return undefined;
}

const KEPT_HEADERS = ["content-type", "location"];

/**
 * `Idempotency-Key`: the same request sent again gets the answer of the first and does nothing; a different request under
 * the same key is refused (422). Only successful answers are kept: after any other, the request may be sent again.
 */
export function idempotency(store: ThreadStore, clock: Clock): MiddlewareHandler<OnceEnv> {
  const running = new Map<string, Promise<void>>();
  return createMiddleware<OnceEnv>(async (c, next) => {
    const key = c.req.header("idempotency-key");
    if (key === undefined || c.req.method !== "POST") return next();
    if (!KEY.test(key)) {
      throw new RequestError(400, "an Idempotency-Key has 1 to 200 printable characters without spaces");
    }
    const caller = `${principalKey(c.get("principal"))}\n${key}`;
    const once = `http:${sha256(caller)}`;
    const asked = `${c.req.path}\n${await c.req.text()}`;
    // With the key, which is stored nowhere: what was asked, and may have been erased since, cannot be found out by trial.
    const digest = sha256(`${caller}\n${asked}`);
    while (running.has(once)) await running.get(once);
    const { promise, resolve } = Promise.withResolvers<void>();
    running.set(once, promise);
    try {
      const claim = JSON.stringify({ request: digest });
      const until = clock.now() + KEPT_MS;
      const before = await take(store, once, claim, until);
      // Release 0.1.0 kept a digest without the key.
      const request = before?.request === sha256(asked) ? before.request : digest;
      if (before !== undefined && before.request !== request) {
        throw new RequestError(422, "this Idempotency-Key was used for another request: take a new one");
      }
      if (before?.answer !== undefined) {
        const { body, status, headers } = before.answer;
        return new Response(body, { status, headers: { ...headers, "idempotency-replayed": "true" } });
      }
      // With the request: a key that was forgotten may be taken for another one.
      c.set("once", `${once}:${request}`);
      await next();
      if (!c.res.ok) {
        // A refusal has changed nothing. After a fault nobody knows: then only the same request may come again.
        if (before === undefined && c.res.status < 500)
          await store.setValue(once, FREE, claim, { expiresAt: clock.now() });
        return;
      }
      const headers = Object.fromEntries(
        KEPT_HEADERS.flatMap((name) => {
          const value = c.res.headers.get(name);
          return value === null ? [] : [[name, value]];
        }),
      );
      const answer = { status: c.res.status, body: await c.res.clone().text(), headers };
      await store.setValue(once, JSON.stringify({ request, answer }), claim, {
        expiresAt: until,
        about: threadIn(answer.body),
      });
    } finally {
      running.delete(once);
      resolve();
    }
  });
}

const aboutThread = z.object({ threadId: z.string() });

/** The thread that an answer is about: the answer is kept no longer than the thread. */
function threadIn(body: string): ThreadId | undefined {
  try {
    const parsed = aboutThread.safeParse(JSON.parse(body));
    return parsed.success ? parseThreadId(parsed.data.threadId) : undefined;
  } catch {
    return undefined;
  }
}
