import { createHmac, randomBytes } from "node:crypto";
import type { Context } from "hono";
import { z } from "zod";
import {
  anything,
  both,
  type Check,
  fields,
  fieldsAtLeast,
  fits,
  oneOf,
  optional,
  text,
} from "../base/checks.ts";
import type { Clock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { callback, secretText } from "../base/options.ts";
import { principalKey, type VerifiedPrincipal, verifiedBy } from "../humans/principal.ts";
import type { ThreadStore } from "../store/store.ts";
import { API_KEYS, type ApiKey, digestOfKey, findKey, PRINCIPAL } from "./api-key.ts";
import type { Login, ServerEnv } from "./env.ts";
import { SCOPES, type Scope } from "./scopes.ts";
import { csrfFor, readSession, sessionCookie } from "./session.ts";

/** The name of this server's channel, shared by the API and the inbox: people have the same names in both. */
export const WEB_CHANNEL = "web";

/** Who sent a request, and what they may do. */
export interface Caller {
  /** Policies name this person `web:<id>`. */
  readonly principal: { readonly id: string; readonly name?: string | undefined };
  readonly scopes: readonly Scope[];
}

/** Who may use the server. */
export type AuthOptions =
  /** Only callers with a key, or with a session that a key or a one-time token has opened. */
  | { readonly kind: "keys"; readonly keys: readonly ApiKey[] }
  /**
   * Anybody who knows the token counts as this person and may do everything: with `Authorization: Bearer <token>`, or in a
   * session opened by `/login?token=…`. Meant for one person on their own machine: requests that come by another host name
   * or through a proxy are refused.
   */
  | {
      readonly kind: "local";
      readonly principal: { readonly id: string; readonly name?: string | undefined };
      /** At least 32 characters that cannot be guessed, new for each start. */
      readonly token: string;
    }
  /** Your own sign-in says who the caller is, for the API, its streams and the inbox alike. */
  | {
      readonly kind: "own";
      /**
       * Returns who sent this request, or `undefined` if that is not known. Called for each request that needs a caller,
       * and about once a second for an open stream that has something to send, so that a sign-out ends it. If it throws,
       * the answer is 500. It must go by a credential (a session cookie, a bearer token), never by what anybody can send.
       */
      authenticate(request: Request): Caller | undefined | Promise<Caller | undefined>;
      /** API keys that are accepted as well. Default: none. */
      readonly keys?: readonly ApiKey[];
      /** Where to send a browser that is not signed in. Default: it gets a page that says so. */
      readonly signInUrl?: string;
    };

export interface AuthContext {
  readonly auth: AuthOptions;
  readonly store: ThreadStore;
  readonly clock: Clock;
  /** Cookies are for https only. */
  readonly secure: boolean;
  /** Origins of this server besides the one a request names as its host, e.g. behind a proxy. */
  readonly origins: readonly string[];
  /** The secret from which the form tokens of `own` callers are derived. */
  readonly formSecret: string;
}

/** A caller whose credentials have been checked. */
export interface KnownCaller {
  readonly principal: VerifiedPrincipal;
  readonly scopes: readonly Scope[];
  readonly login: Login;
}

const AUTH: { readonly [K in AuthOptions["kind"]]: Check } = {
  keys: fields({ kind: anything, keys: API_KEYS }),
  local: fields({ kind: anything, principal: PRINCIPAL, token: secretText }),
  own: fields({
    kind: anything,
    authenticate: callback,
    keys: optional(API_KEYS),
    signInUrl: optional(text()),
  }),
};

/** Checks that a value is one of the ways to say who may use the server. */
export const AUTH_OPTIONS: Check = both(fieldsAtLeast({ kind: oneOf(Object.keys(AUTH)) }), (value) =>
  fits<AuthOptions>(value, anything) ? AUTH[value.kind](value) : [],
);

const ownCaller = z.object({
  principal: z.object({ id: z.string().trim().min(1), name: z.string().optional() }),
  scopes: z.array(z.enum(SCOPES)),
});

/** A token for one run of a server on this machine. */
export function newLocalToken(): string {
  return randomBytes(32).toString("base64url");
}

/** The keys that are valid now, including the local token: known to one person, good for everything, gone with the process. */
export function keysOf(auth: AuthOptions): readonly ApiKey[] {
  if (auth.kind !== "local") return auth.keys ?? [];
  const digest = digestOfKey(auth.token);
  const { principal: person } = auth;
  return [
    {
      id: `local-${digest.slice(0, 16)}`,
      digest,
      scopes: SCOPES,
      principal: person.name === undefined ? { id: person.id } : { id: person.id, name: person.name },
    },
  ];
}

/** Who sent this request, judged by its credentials alone; `undefined` if that is not known. */
export async function identify(
  c: Context<ServerEnv>,
  context: AuthContext,
): Promise<KnownCaller | undefined> {
  const { auth } = context;
  const header = c.req.header("authorization");
  const bearer = header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (bearer !== undefined) {
    const key = findKey(keysOf(auth), bearer);
    if (key !== undefined) return { ...webCaller(key.principal, key.scopes), login: { kind: "key" } };
  }
  // A cookie that the browser sends along does not make up for wrong credentials.
  if (header !== undefined && auth.kind !== "own") return undefined;
  if (auth.kind === "own") {
    const own = await ownSignIn(c, auth, context, bearer !== undefined);
    if (own !== undefined || header !== undefined) return own;
  }
  return callerOfSession(c, context);
}

/** The caller of the session whose cookie the request carries, as long as what opened the session is still valid. */
export async function callerOfSession(
  c: Context<ServerEnv>,
  { auth, store, clock, secure }: AuthContext,
): Promise<KnownCaller | undefined> {
  const token = sessionCookie(c, secure);
  const grant = token === undefined ? undefined : await readSession(store, clock, token);
  if (token === undefined || grant === undefined) return undefined;
  const { keyId, limitedTo } = grant;
  const key = keyId === undefined ? undefined : keysOf(auth).find(({ id }) => id === keyId);
  if (keyId !== undefined && key === undefined) return undefined;
  return {
    principal: verifiedBy(grant.channel ?? WEB_CHANNEL, grant.principal.id, grant.principal.name),
    scopes: key?.scopes ?? grant.scopes,
    login: { kind: "session", csrf: csrfFor(token), limitedTo },
  };
}

async function ownSignIn(
  c: Context<ServerEnv>,
  auth: Extract<AuthOptions, { kind: "own" }>,
  { formSecret }: AuthContext,
  bearer: boolean,
): Promise<KnownCaller | undefined> {
  const claimed = await auth.authenticate(c.req.raw);
  if (claimed === undefined || claimed === null) return undefined;
  const parsed = ownCaller.safeParse(claimed);
  if (!parsed.success) {
    const message = "`authenticate` gives { principal: { id, name? }, scopes } or undefined";
    throw new UsageError("invalid_configuration", message, { cause: parsed.error });
  }
  const caller = webCaller(parsed.data.principal, parsed.data.scopes);
  if (bearer) return { ...caller, login: { kind: "key" } };
  // The browser sends a cookie by itself, even for other sites: every form needs a token that only this caller's pages hold.
  const csrf = createHmac("sha256", formSecret)
    .update(`csrf:${principalKey(caller.principal)}`)
    .digest("base64url");
  return { ...caller, login: { kind: "session", csrf, limitedTo: undefined, elsewhere: true } };
}

function webCaller(person: Caller["principal"], granted: readonly Scope[]) {
  return { principal: verifiedBy(WEB_CHANNEL, person.id, person.name), scopes: granted };
}
