import { randomBytes } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Clock } from "../base/clock.ts";
import { ForbiddenError } from "../base/errors.ts";
import { verifiedBy } from "../humans/principal.ts";
import type { ThreadStore } from "../store/store.ts";
import { type ApiKey, findKey } from "./api-key.ts";
import { SCOPES, type Scope, type ServerEnv } from "./env.ts";
import { UnauthorizedError } from "./errors.ts";
import { carriesCsrfToken, csrfFor, isForm, readSession, sessionCookie } from "./session.ts";

/** The name of the channel that this server is: the API and the inbox know people by the same names. */
export const WEB_CHANNEL = "web";

/** Who may use the server. */
export type AuthOptions =
  /** Only callers with a key, or with a session that a key or a one-time token has opened. */
  | { readonly kind: "keys"; readonly keys: readonly ApiKey[] }
  /**
   * Everybody who can reach it is this person, and may do everything. `startServer` takes it only on a loopback
   * address; requests that come by another host name, through a proxy or from another site are refused.
   */
  | { readonly kind: "local"; readonly principal: { readonly id: string; readonly name?: string } };

export interface AuthContext {
  readonly auth: AuthOptions;
  readonly store: ThreadStore;
  readonly clock: Clock;
  /** Cookies are for https only. */
  readonly secure: boolean;
  /** Origins of this server besides the one a request names as its host, e.g. behind a proxy. */
  readonly origins: readonly string[];
}

/**
 * Sets `principal`, `scopes` and `login`, or refuses: 401 without valid credentials, 403 for requests that
 * another site may have made the browser send. Everything behind it has a verified caller.
 */
export function authenticate(context: AuthContext): MiddlewareHandler<ServerEnv> {
  const localSecret = randomBytes(32).toString("base64url");
  return createMiddleware<ServerEnv>(async (c, next) => {
    if (!(await identify(c, context, localSecret))) {
      throw new UnauthorizedError("send an API key as `Authorization: Bearer <key>`, or sign in at /login");
    }
    await refuseOtherSites(c, context);
    refuseBeyondLink(c);
    return next();
  });
}

/** Lets the request pass only with one of these scopes. `admin` has them all. */
export function requireScope(...wanted: readonly Scope[]): MiddlewareHandler<ServerEnv> {
  return createMiddleware<ServerEnv>((c, next) => {
    checkScope(c, ...wanted);
    return next();
  });
}

/** Whether the caller has one of these scopes, for pages that show only what a person may do. */
export function hasScope(c: Context<ServerEnv>, ...wanted: readonly Scope[]): boolean {
  const scopes = c.get("scopes");
  return scopes.includes("admin") || wanted.some((scope) => scopes.includes(scope));
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

async function identify(c: Context<ServerEnv>, context: AuthContext, localSecret: string): Promise<boolean> {
  const { auth, store, clock, secure } = context;
  const keys = auth.kind === "keys" ? auth.keys : [];
  const header = c.req.header("authorization");
  if (header !== undefined) {
    const key = findKey(keys, /^Bearer +(\S+)$/i.exec(header)?.[1] ?? "");
    if (key === undefined) return false;
    c.set("principal", verifiedBy(WEB_CHANNEL, key.principal.id, key.principal.name));
    c.set("scopes", key.scopes);
    c.set("login", { kind: "key" });
    return true;
  }
  const token = sessionCookie(c, secure);
  const grant = token === undefined ? undefined : await readSession(store, clock, token);
  const key = grant?.keyId === undefined ? undefined : keys.find(({ id }) => id === grant.keyId);
  const keyIsGone = grant?.keyId !== undefined && key === undefined;
  if (token !== undefined && grant !== undefined && !keyIsGone) {
    c.set("principal", verifiedBy(grant.channel ?? WEB_CHANNEL, grant.principal.id, grant.principal.name));
    c.set("scopes", key?.scopes ?? grant.scopes);
    const { limitedTo } = grant;
    c.set("login", {
      kind: "session",
      csrf: csrfFor(token),
      ...(limitedTo === undefined ? {} : { limitedTo }),
    });
    return true;
  }
  if (auth.kind !== "local") return false;
  c.set("principal", verifiedBy(WEB_CHANNEL, auth.principal.id, auth.principal.name));
  c.set("scopes", SCOPES);
  c.set("login", { kind: "local", csrf: csrfFor(localSecret) });
  return true;
}

/** What a proxy adds: then whoever sends the request need not be on this machine. */
const OF_PROXIES = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

export const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** The browser sends cookies, and reaches this machine, on behalf of any site: those requests stop here. */
async function refuseOtherSites(c: Context<ServerEnv>, { origins }: AuthContext): Promise<void> {
  const login = c.get("login");
  if (login.kind === "key") return;
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  // A name that an attacker points at 127.0.0.1 makes his page the same origin as this server.
  if (login.kind === "local" && !LOOPBACK_HOST.test(host)) {
    throw new ForbiddenError(`without credentials this server answers to localhost only, not ${host}`);
  }
  if (login.kind === "local" && OF_PROXIES.some((name) => c.req.header(name) !== undefined)) {
    throw new ForbiddenError(
      "without credentials this server takes nothing from a proxy: configure API keys",
    );
  }
  if (c.req.method === "GET" || c.req.method === "HEAD") return;
  requireOwnOrigin(c, origins);
  // A script on another site cannot send JSON without asking first, and we never agree; a form it can.
  const needsToken = login.kind === "session" || isForm(c);
  if (needsToken && !(await carriesCsrfToken(c))) {
    throw new ForbiddenError("the form's token is missing or old: load the page again, then send it");
  }
}

/** Throws `ForbiddenError` for a request that a browser makes for another site. */
export function requireOwnOrigin(c: Context, origins: readonly string[]): void {
  const origin = c.req.header("origin");
  if (origin === undefined || origins.includes(origin)) return;
  if (hostOf(origin) !== (c.req.header("host") ?? new URL(c.req.url).host)) {
    throw new ForbiddenError(`requests from ${origin} are not accepted`);
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** A session from a link is for one request: every address it may reach names that request. */
function refuseBeyondLink(c: Context<ServerEnv>): void {
  const login = c.get("login");
  if (login.kind !== "session" || login.limitedTo === undefined) return;
  const { path } = c.req;
  if (path === "/logout" || path === "/inbox/theme" || path.split("/").includes(login.limitedTo)) return;
  throw new ForbiddenError(`this link opens request ${login.limitedTo} only; sign in to see more`);
}
