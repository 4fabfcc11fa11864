import { Hono } from "hono";
import { z } from "zod";
import { findKey } from "../api-key.ts";
import { linkTo } from "../base-path.ts";
import { type AuthContext, keysOf } from "../callers.ts";
import type { ServerEnv } from "../env.ts";
import { UnauthorizedError } from "../errors.ts";
import { formFields } from "../form.ts";
import { requireOwnOrigin } from "../own-site.ts";
import {
  clearSessionCookie,
  endSession,
  type Grant,
  openSession,
  sessionCookie,
  setSessionCookie,
  takeLoginToken,
} from "../session.ts";

const credentials = z.union([
  z.object({ key: z.string().trim().min(1).max(500) }),
  z.object({ token: z.string().trim().min(1).max(500) }),
]);

/**
 * `POST /login` with a field `key` (an API key) or `token` (from `issueLoginToken`, or the one of this run) opens a
 * browser session. It needs no form token, but it must come from this site: nobody else may sign a person in under a
 * name of their choice.
 */
export function loginRoutes({ auth, store, clock, secure, origins }: AuthContext) {
  const app = new Hono<ServerEnv>();
  app.post("/login", async (c) => {
    requireOwnOrigin(c, origins);
    const body = c.req.header("content-type")?.startsWith("application/json")
      ? await c.req.json().catch(() => null)
      : await formFields(c);
    const sent = credentials.safeParse(body);
    const grant = sent.success ? await grantFor(sent.data) : undefined;
    if (grant === undefined)
      throw new UnauthorizedError(
        "This key or link is not valid. A link that signs in works once, or until its server stops: start the server again for a new one, or give a key (npx twelvefold key <name> makes one).",
      );
    const before = sessionCookie(c, secure);
    if (before !== undefined) await endSession(store, before);
    setSessionCookie(c, await openSession(store, clock, grant), secure);
    return c.redirect(linkTo(c, safePath(c.req.query("next"))), 303);
  });
  return app;

  async function grantFor(sent: z.infer<typeof credentials>): Promise<Grant | undefined> {
    const key = findKey(keysOf(auth), "token" in sent ? sent.token : sent.key);
    // An API key in an address would be kept by browsers and logs: only the token of this run is taken from there.
    if (key !== undefined && ("key" in sent || auth.kind === "local"))
      return { principal: key.principal, scopes: key.scopes, keyId: key.id };
    return "token" in sent ? takeLoginToken(store, clock, sent.token) : undefined;
  }
}

/** `POST /logout`, behind authentication: ends the session for good. */
export function logoutRoutes({ store, secure }: AuthContext) {
  return new Hono<ServerEnv>().post("/logout", async (c) => {
    const token = sessionCookie(c, secure);
    if (token !== undefined) await endSession(store, token);
    clearSessionCookie(c, secure);
    return c.redirect(linkTo(c, "/login"), 303);
  });
}

/** One of the server's own paths, never another site. */
export function safePath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next) ? next : "/";
}
