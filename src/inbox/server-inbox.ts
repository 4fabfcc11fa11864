import { type Context, Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import type { ModelChoice } from "../prompts/types.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { sameText } from "../server/api-key.ts";
import { hasScope } from "../server/auth.ts";
import type { ServerEnv } from "../server/env.ts";
import { csrfToken } from "../server/session.ts";
import { inboxAssets } from "./assets.ts";
import { inboxRoutes } from "./inbox-routes.tsx";

export interface ServerInboxOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly model?: ModelChoice;
  /** The prompt's source, e.g. its `.baml` text; `undefined`: not known here. */
  promptSource?(promptName: string): { readonly file: string; readonly text: string } | undefined;
}

/** The inbox with the server's own callers, scopes and form tokens: what `createServer` takes as `inbox` and `assets`. */
export function serverInbox(options: ServerInboxOptions): {
  readonly inbox: Hono<ServerEnv>;
  readonly assets: Hono<ServerEnv>;
} {
  const routes = inboxRoutes({
    ...options,
    principal: (c: Context<ServerEnv>) => c.get("principal"),
    access: (c: Context<ServerEnv>) => ({ launch: hasScope(c, "launch"), respond: hasScope(c, "respond") }),
    csrfToken: (c: Context<ServerEnv>) => csrfToken(c),
    checkCsrf: (c: Context<ServerEnv>, token) => sameText(token, csrfToken(c)),
    signInPath: "/login",
    exportLinks: (threadId) =>
      ["markdown", "json", "html"].map((form) => ({
        label: form,
        href: `/threads/${threadId}/export?as=${form}`,
      })),
  });
  return {
    inbox: new Hono<ServerEnv>().route("/", routes),
    assets: new Hono<ServerEnv>().route("/", inboxAssets()),
  };
}
