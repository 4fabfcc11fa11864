import type { RequestId } from "../base/ids.ts";
import type { VerifiedPrincipal } from "../humans/principal.ts";

/** What a caller may do. `admin` may do everything. */
export const SCOPES = ["launch", "read", "respond", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** How a request proved who sends it. */
export type Login =
  /** An API key in the `Authorization` header. Browsers never send it by themselves. */
  | { readonly kind: "key" }
  /** A browser session. `limitedTo`: opened by a link to one request, and good for nothing else. */
  | { readonly kind: "session"; readonly csrf: string; readonly limitedTo?: RequestId }
  /** No credentials are configured and the server listens on this machine only. */
  | { readonly kind: "local"; readonly csrf: string };

/** The variables that the middleware sets before any protected route runs. */
export interface ServerEnv {
  Variables: {
    principal: VerifiedPrincipal;
    scopes: readonly Scope[];
    login: Login;
    /** Names this request in logs and problem documents. */
    requestId: string;
  };
}
