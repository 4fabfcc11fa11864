import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { ForbiddenError } from "../base/errors.ts";
import { principalKey } from "../humans/principal.ts";
import { type AuthContext, identify } from "./callers.ts";
import type { ServerEnv } from "./env.ts";
import { UnauthorizedError } from "./errors.ts";
import { refuseOtherSites } from "./own-site.ts";
import { includesScope, type Scope } from "./scopes.ts";

/**
 * Sets `principal`, `scopes`, `login` and `stillValid`, or refuses: 401 without valid credentials, 403 for requests that
 * another site may have made the browser send. All routes behind it have a verified caller.
 */
export function authenticate(context: AuthContext): MiddlewareHandler<ServerEnv> {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const caller = await identify(c, context);
    if (caller === undefined) {
      const sent = c.req.header("authorization") !== undefined;
      throw new UnauthorizedError(
        `${sent ? "the credentials in `Authorization` are not valid here: " : ""}send an API key as \`Authorization: Bearer <key>\`, or sign in at /login`,
      );
    }
    c.set("principal", caller.principal);
    c.set("scopes", caller.scopes);
    c.set("login", caller.login);
    c.set("stillValid", stillValid(c, context));
    await refuseOtherSites(c, context);
    refuseBeyondLink(c);
    return next();
  });
}

/** How long, in ms, an open stream relies on its caller's credentials without checking them again. */
const TRUST_MS = 1_000;

/** Tells whether the credentials of an open request would still be accepted, for the same person and scopes. */
function stillValid(c: Context<ServerEnv>, context: AuthContext): () => Promise<boolean> {
  const { clock } = context;
  const before = principalKey(c.get("principal"));
  const scopes = c.get("scopes");
  let askedAt = clock.now();
  return async () => {
    if (clock.now() - askedAt < TRUST_MS) return true;
    askedAt = clock.now();
    const now = await identify(c, context);
    if (now === undefined || principalKey(now.principal) !== before) return false;
    return scopes.every((scope) => includesScope(now.scopes, scope));
  };
}

/**
 * Lets only callers with one of these scopes pass; see `SCOPES`. An answer kept under the request's idempotency
 * key is repeated only after this check.
 */
export function requireScope(...wanted: readonly Scope[]): MiddlewareHandler<ServerEnv> {
  return createMiddleware<ServerEnv>((c, next) => {
    checkScope(c, ...wanted);
    return c.get("actOnce")?.(c, next) ?? next();
  });
}

/** Like `requireScope`, for answers that must never be kept: a key makes the request no other. */
export function requireScopeEachTime(...wanted: readonly Scope[]): MiddlewareHandler<ServerEnv> {
  return createMiddleware<ServerEnv>((c, next) => {
    checkScope(c, ...wanted);
    return next();
  });
}

/** Whether the caller has one of these scopes, for pages that show only what a person may do. */
export function hasScope(c: Context<ServerEnv>, ...wanted: readonly Scope[]): boolean {
  const scopes = c.get("scopes");
  return wanted.some((scope) => includesScope(scopes, scope));
}

/** Throws `ForbiddenError` unless the caller has one of these scopes. */
export function checkScope(c: Context<ServerEnv>, ...wanted: readonly Scope[]): void {
  if (hasScope(c, ...wanted)) return;
  const scopes = c.get("scopes");
  throw new ForbiddenError(`this needs the scope ${wanted.join(" or ")}; yours: ${scopes.join(", ")}`, {
    needed: wanted,
    scopes,
  });
}

/** A session from a link is for one request: it may reach only addresses that name that request. */
function refuseBeyondLink(c: Context<ServerEnv>): void {
  const login = c.get("login");
  if (login.kind !== "session" || login.limitedTo === undefined) return;
  const { path } = c.req;
  if (path === "/logout" || path === "/inbox/theme" || path.split("/").includes(login.limitedTo)) return;
  throw new ForbiddenError(`this link opens request ${login.limitedTo} only; sign in to see more`);
}
