import type { Context } from "hono";
import { ForbiddenError } from "../base/errors.ts";
import type { AuthContext } from "./callers.ts";
import type { ServerEnv } from "./env.ts";
import { carriesCsrfToken } from "./session.ts";

/** Headers that proxies add: with one of them, the sender need not be on this machine. */
const OF_PROXIES =
  /^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.*|true-client-ip|cf-.*|fastly-client-ip|x-envoy-.*|x-proxy-.*)$/;

export const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * A browser sends cookies, and reaches this machine, on behalf of any site: such requests are refused here. Throws
 * `ForbiddenError`.
 */
export async function refuseOtherSites(c: Context<ServerEnv>, { auth, origins }: AuthContext): Promise<void> {
  if (auth.kind === "local") requireThisMachine(c);
  const login = c.get("login");
  if (login.kind === "key" || c.req.method === "GET" || c.req.method === "HEAD") return;
  requireOwnOrigin(c, origins);
  // A script on another site cannot send a custom header without a preflight, which is never granted; but it can send a form.
  if (!(await carriesCsrfToken(c))) {
    throw new ForbiddenError("the form's token is missing or old: load the page again, then send it");
  }
}

/** Throws `ForbiddenError` for a request that did not come straight from this machine, as far as it shows. */
function requireThisMachine(c: Context): void {
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  // An attacker's host name that resolves to 127.0.0.1 makes the attacker's page the same origin as this server.
  if (!LOOPBACK_HOST.test(host)) {
    throw new ForbiddenError(`without API keys this server answers to localhost only, not ${host}`);
  }
  if (Object.keys(c.req.header()).some((name) => OF_PROXIES.test(name.toLowerCase()))) {
    throw new ForbiddenError("without API keys this server takes nothing from a proxy: configure API keys");
  }
}

/** Throws `ForbiddenError` for a request that a browser makes for another site. */
export function requireOwnOrigin(c: Context, origins: readonly string[]): void {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw new ForbiddenError(
      `requests from other sites are not accepted (Sec-Fetch-Site: ${site.slice(0, 40)})`,
    );
  }
  const origin = c.req.header("origin");
  if (origin === undefined || origins.includes(origin)) return;
  if (hostOf(origin) !== (c.req.header("host") ?? new URL(c.req.url).host)) {
    throw new ForbiddenError(`requests from ${origin} are not accepted`);
  }
}

/**
 * Throws `ForbiddenError` for a request of a page that is not known: neither of `origins` nor, on this machine, of this machine.
 * Where a name of the page's own resolves to this server's address, its origin equals the host that it asks for, and is as
 * unknown. Programs send no origin.
 */
export function requireKnownOrigin(c: Context, origins: readonly string[]): void {
  const origin = c.req.header("origin");
  if (origin === undefined || origins.includes(origin)) return;
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  if (LOOPBACK_HOST.test(hostOf(origin) ?? "") && LOOPBACK_HOST.test(host)) return;
  throw new ForbiddenError(
    `requests of pages of ${origin.slice(0, 200)} are not accepted: name it in publicUrl or allowedOrigins if it is yours`,
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
