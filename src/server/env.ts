import type { MiddlewareHandler } from "hono";
import type { RequestId } from "../base/ids.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import type { Scope } from "./scopes.ts";

/** How the sender of a request was verified. */
export type Login =
  /** A credential that browsers never send by themselves: an API key, a bearer token. */
  | { readonly kind: "key" }
  /** A credential that browsers send by themselves: a session's cookie. */
  | {
      readonly kind: "session";
      readonly csrf: string;
      /** The only request that the session may reach, if a link opened it. */
      readonly limitedTo: RequestId | undefined;
      /** True if the product's own sign-in opened the session and ends it. */
      readonly elsewhere?: boolean;
    };

/** The variables that the middleware sets before any protected route runs. */
export interface ServerEnv {
  Variables: {
    principal: VerifiedPrincipal;
    scopes: readonly Scope[];
    login: Login;
    /** Names this request in logs and problem documents. */
    requestId: string;
    /** The path that the server is mounted under, such as `/agents`; `""`: none. */
    basePath: string;
    /** Whether the caller's credentials are still valid. A stream calls it before it sends anything. */
    stillValid: () => Promise<boolean>;
    /** Runs a request under its `Idempotency-Key`; `requireScope` calls it once the caller is known to have the scope. */
    actOnce?: MiddlewareHandler;
  };
}
