import { createHmac } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { parseRequestId, type RequestId, requestIdOf } from "../base/ids.ts";
import { sameText } from "./api-key.ts";
import { linkTo, publicAddress } from "./base-path.ts";
import { type AuthContext, identify, type KnownCaller } from "./callers.ts";
import type { ServerEnv } from "./env.ts";
import { RequestError } from "./errors.ts";
import { openSession, setSessionCookie } from "./session.ts";

export interface LinkOptions {
  /** At least 32 random characters, the same in every process. */
  readonly secret: string;
  /** The address people reach the server by, with the path that it is mounted under. */
  readonly publicUrl: string;
  readonly requestId: RequestId;
  /** The person the link is for. Anybody who opens it counts as this person: send it only where nobody else reads it. */
  readonly principal: { readonly channel: string; readonly id: string };
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const payload = z.object({ r: z.string(), c: z.string(), i: z.string(), e: z.number() });

/**
 * An address that opens one request for one person without a sign-in. Opening it decides nothing, so programs that follow
 * every link in a mail do no harm; it lets its reader see and answer that request only.
 */
export function requestLink({ secret, publicUrl, requestId, principal, expiresAt }: LinkOptions): string {
  const text = JSON.stringify({ r: requestId, c: principal.channel, i: principal.id, e: expiresAt });
  const body = Buffer.from(text).toString("base64url");
  return publicAddress(publicUrl, `/open/${body}.${signature(secret, body)}`);
}

function signature(secret: string, body: string): string {
  return createHmac("sha256", secret).update(`link:${body}`).digest("base64url");
}

/**
 * `GET /open/<token>`: opens a session for that request alone, unless the reader is signed in, and redirects to the
 * request's card.
 */
export function linkRoutes(secret: string, context: AuthContext) {
  const { store, clock, secure } = context;
  return new Hono<ServerEnv>().get("/open/:token", async (c) => {
    const link = read(c.req.param("token"), secret);
    if (link === undefined) throw new RequestError(404, "this link is not valid");
    if (clock.now() >= link.expiresAt) throw new RequestError(410, "this link has expired");
    const { requestId, channel, id } = link;
    const reader = await identify(c, context);
    if (reader === undefined || isLimited(reader)) {
      const grant = {
        principal: { id },
        channel,
        scopes: ["read", "respond"],
        limitedTo: requestId,
      } as const;
      // The session ends when the link expires.
      setSessionCookie(c, await openSession(store, clock, grant, link.expiresAt), secure);
    }
    return c.redirect(linkTo(c, `/inbox/requests/${requestId}`), 303);
  });
}

function isLimited({ login }: KnownCaller): boolean {
  return login.kind === "session" && login.limitedTo !== undefined;
}

function read(token: string, secret: string) {
  const [body = "", given = "", ...rest] = token.split(".");
  if (rest.length > 0 || !sameText(given, signature(secret, body))) return undefined;
  const {
    r,
    c: channel,
    i: id,
    e: expiresAt,
  } = payload.parse(JSON.parse(Buffer.from(body, "base64url").toString()));
  const parsed = parseRequestId(r);
  if (parsed === undefined) return undefined;
  return { requestId: requestIdOf(parsed.threadId, parsed.seq), channel, id, expiresAt };
}
