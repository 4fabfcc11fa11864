import { Hono } from "hono";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import type { ThreadStore } from "../../store/store.ts";
import { findKey } from "../api-key.ts";
import { type AuthOptions, requireOwnOrigin } from "../auth.ts";
import type { ServerEnv } from "../env.ts";
import { UnauthorizedError } from "../errors.ts";
import {
  clearSessionCookie,
  endSession,
  type Grant,
  openSession,
  sessionCookie,
  setSessionCookie,
  takeLoginToken,
} from "../session.ts";

export interface LoginDeps {
  readonly auth: AuthOptions;
  readonly store: ThreadStore;
  readonly clock: Clock;
  readonly secure: boolean;
  readonly origins: readonly string[];
}

const credentials = z.union([
  z.object({ key: z.string().trim().min(1).max(500) }),
  z.object({ token: z.string().trim().min(1).max(500) }),
]);

/**
 * `POST /login` with a field `key` (an API key) or `token` (from `issueLoginToken`) opens a browser session. It
 * needs no form token, but it must come from this site: nobody else may sign a person in under a name of their
 * choice.
 */
export function loginRoutes({ auth, store, clock, secure, origins }: LoginDeps) {
  const app = new Hono<ServerEnv>();
  app.post("/login", async (c) => {
    requireOwnOrigin(c, origins);
    const body = c.req.header("content-type")?.startsWith("application/json")
      ? await c.req.json().catch(() => null)
      : await c.req.parseBody();
    const given = credentials.safeParse(body);
    const grant = given.success ? await grantFor(given.data) : undefined;
    if (grant === undefined)
      throw new UnauthorizedError("this key or token is not valid; a token works once");
    const before = sessionCookie(c, secure);
    if (before !== undefined) await endSession(store, before);
    setSessionCookie(c, await openSession(store, clock, grant), secure);
    return c.redirect(safePath(c.req.query("next")), 303);
  });
  return app;

  async function grantFor(given: z.infer<typeof credentials>): Promise<Grant | undefined> {
    if ("token" in given) return takeLoginToken(store, clock, given.token);
    const key = findKey(auth.kind === "keys" ? auth.keys : [], given.key);
    return key === undefined ? undefined : { principal: key.principal, scopes: key.scopes, keyId: key.id };
  }
}

/** `POST /logout`, behind authentication: ends the session for good. */
export function logoutRoutes({ store, secure }: LoginDeps) {
  return new Hono<ServerEnv>().post("/logout", async (c) => {
    const token = sessionCookie(c, secure);
    if (token !== undefined) await endSession(store, token);
    clearSessionCookie(c, secure);
    return c.redirect("/login", 303);
  });
}

/** A path of this server, never another site. */
export function safePath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next) ? next : "/";
}
