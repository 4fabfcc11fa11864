import type { MiddlewareHandler } from "hono";
import type { RequestId } from "../base/ids.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";
import type { Scope } from "./scopes.ts";

/** How a request proved who sends it. */
export type Login =
  /** A credential that browsers never send by themselves: an API key, a bearer token. */
  | { readonly kind: "key" }
  /** A credential that browsers send by themselves: a session's cookie. */
  | {
      readonly kind: "session";
      readonly csrf: string;
      /** Opened by a link to one request, and good for nothing else. */
      readonly limitedTo: RequestId | undefined;
      /** The product's own sign-in opened it and ends it. */
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
    /** Whether the caller's credentials are valid now: a stream asks before it sends. */
    stillValid: () => Promise<boolean>;
    /** Runs a request under its `Idempotency-Key`; `requireScope` calls it once the caller may. */
    actOnce?: MiddlewareHandler;
  };
}
