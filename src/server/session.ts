import { createHmac, randomBytes } from "node:crypto";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { parseRequestId, type RequestId, requestIdOf } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";
import { digestOfKey, sameText } from "./api-key.ts";
import { linkTo } from "./base-path.ts";
import type { ServerEnv } from "./env.ts";
import { formFields, isForm } from "./form.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/** Who a session or a one-time token belongs to. */
export interface Grant {
  readonly principal: { readonly id: string; readonly name?: string | undefined };
  /** The channel that verified the person. Default `web`. */
  readonly channel?: string;
  readonly scopes: readonly Scope[];
  /** The API key that the session was opened with; the session ends when the key does. */
  readonly keyId?: string;
  /** The only request that the session may reach. */
  readonly limitedTo?: RequestId;
}

const SESSION_MS = 12 * 3_600_000;
const TOKEN_MS = 10 * 60_000;

const requestId = z.string().transform((text, context) => {
  const parsed = parseRequestId(text);
  if (parsed !== undefined) return requestIdOf(parsed.threadId, parsed.seq);
  context.addIssue("not a request id");
  return z.NEVER;
});

const storedGrant = z.object({
  principal: z.object({ id: z.string(), name: z.string().exactOptional() }),
  channel: z.string().exactOptional(),
  scopes: z.array(z.enum(SCOPES)),
  keyId: z.string().exactOptional(),
  limitedTo: requestId.exactOptional(),
  until: z.number(),
});

/**
 * Opens a session and returns its token, of which only the digest is stored. The session ends after twelve hours, or at
 * `until` (milliseconds since the epoch) if that is sooner.
 */
export async function openSession(
  store: ThreadStore,
  clock: Clock,
  grant: Grant,
  until: number = Number.POSITIVE_INFINITY,
): Promise<string> {
  return issue(store, "session", grant, Math.min(until, clock.now() + SESSION_MS));
}

/** The grant of a session that is still open. */
export async function readSession(
  store: ThreadStore,
  clock: Clock,
  token: string,
): Promise<Grant | undefined> {
  const stored = await store.getValue(`session:${digestOfKey(token)}`);
  return grantIn(stored, clock.now());
}

/** Ends a session for good, even for copies of its cookie. */
export async function endSession(store: ThreadStore, token: string): Promise<void> {
  const key = `session:${digestOfKey(token)}`;
  const stored = await store.getValue(key);
  if (stored !== undefined && stored !== "") await store.setValue(key, "", stored, { expiresAt: 0 });
}

/** Issues a token that opens one session within ten minutes. `twelvefold serve` prints one. */
export async function issueLoginToken(store: ThreadStore, clock: Clock, grant: Grant): Promise<string> {
  return issue(store, "login", grant, clock.now() + TOKEN_MS);
}

/** Redeems a one-time token: the first caller to present it gets its grant, later ones get nothing. */
export async function takeLoginToken(
  store: ThreadStore,
  clock: Clock,
  token: string,
): Promise<Grant | undefined> {
  const key = `login:${digestOfKey(token)}`;
  const stored = await store.getValue(key);
  const grant = grantIn(stored, clock.now());
  if (grant === undefined || stored === undefined) return undefined;
  return (await store.setValue(key, "", stored, { expiresAt: 0 })) ? grant : undefined;
}

async function issue(store: ThreadStore, kind: string, grant: Grant, until: number): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const value = JSON.stringify({ ...grant, until });
  const about = grant.limitedTo === undefined ? undefined : parseRequestId(grant.limitedTo)?.threadId;
  await store.setValue(`${kind}:${digestOfKey(token)}`, value, undefined, { expiresAt: until, about });
  return token;
}

function grantIn(stored: string | undefined, now: number): Grant | undefined {
  if (stored === undefined || stored === "") return undefined;
  const { until, ...grant } = storedGrant.parse(JSON.parse(stored));
  return now < until ? grant : undefined;
}

/**
 * With the prefix, browsers take the cookie only from this very host over https, and only for all of its paths: servers that
 * are mounted side by side have cookies of different names.
 */
function cookieName(c: Context<ServerEnv>, secure: boolean): string {
  return `${secure ? "__Host-" : ""}tf_session${c.get("basePath").replaceAll("/", ".")}`;
}

const cookiePath = (c: Context<ServerEnv>, secure: boolean) => (secure ? "/" : linkTo(c, "") || "/");

/**
 * Sets the session cookie: out of reach of scripts, not sent with other sites' posts, and sent only over https if the
 * server is reached by https.
 */
export function setSessionCookie(c: Context<ServerEnv>, token: string, secure: boolean): void {
  setCookie(c, cookieName(c, secure), token, {
    path: cookiePath(c, secure),
    httpOnly: true,
    sameSite: "Lax",
    secure,
    maxAge: SESSION_MS / 1000,
  });
}

export function sessionCookie(c: Context<ServerEnv>, secure: boolean): string | undefined {
  return getCookie(c, cookieName(c, secure));
}

export function clearSessionCookie(c: Context<ServerEnv>, secure: boolean): void {
  deleteCookie(c, cookieName(c, secure), { path: cookiePath(c, secure), secure });
}

/** The token that a session's forms carry, derived from the session's token, which no other site knows. */
export function csrfFor(secret: string): string {
  return createHmac("sha256", secret).update("csrf").digest("base64url");
}

/**
 * The token that every form of this caller carries in a field named `csrf`, or a script in `X-CSRF-Token`. Empty
 * for callers with an API key, who need none.
 */
export function csrfToken(c: Context<ServerEnv>): string {
  const login = c.get("login");
  return login.kind === "key" ? "" : login.csrf;
}

/** Whether the request carries its session's token, as a field `csrf` or in `X-CSRF-Token`. */
export async function carriesCsrfToken(c: Context<ServerEnv>): Promise<boolean> {
  const wanted = csrfToken(c);
  if (wanted === "") return false;
  const header = c.req.header("x-csrf-token");
  if (header !== undefined) return sameText(header, wanted);
  return isForm(c) && sameText((await formFields(c))["csrf"] ?? "", wanted);
}
