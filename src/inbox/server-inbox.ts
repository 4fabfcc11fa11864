import { type Context, Hono } from "hono";
import type { Clock } from "../base/clock.ts";
import { checkNames } from "../base/options.ts";
import type { ModelChoice } from "../prompts/types.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { sameText } from "../server/api-key.ts";
import { hasScope } from "../server/auth.ts";
import { linkTo } from "../server/base-path.ts";
import type { ServerEnv } from "../server/env.ts";
import type { ServerLog } from "../server/log.ts";
import { consoleLog } from "../server/problem-log.ts";
import { csrfToken } from "../server/session.ts";
import { inboxAssets } from "./assets.ts";
import { inboxRoutes } from "./inbox-routes.tsx";

export interface ServerInboxOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly model?: ModelChoice;
  /** Where faults of pages are written. Default: the console. */
  readonly log?: ServerLog;
  /** The prompt's source, e.g. its `.baml` text; `undefined`: not known here. */
  promptSource?(promptName: string): { readonly file: string; readonly text: string } | undefined;
}

/** The inbox with the server's own callers, scopes and form tokens: what `createServer` takes as `inbox` and `assets`. */
export function serverInbox(options: ServerInboxOptions): {
  readonly inbox: Hono<ServerEnv>;
  readonly assets: Hono<ServerEnv>;
} {
  const names = { runtime: true, clock: true, model: true, log: true, promptSource: true } as const;
  checkNames("serverInbox", names, options);
  const { log = consoleLog, ...shared } = options;
  const routes = inboxRoutes({
    ...shared,
    principal: (c: Context<ServerEnv>) => c.get("principal"),
    basePath: (c: Context<ServerEnv>) => c.get("basePath"),
    access(c: Context<ServerEnv>) {
      const login = c.get("login");
      const onlyRequest = login.kind === "session" && login.limitedTo !== undefined;
      return {
        read: hasScope(c, "read") && !onlyRequest,
        launch: hasScope(c, "launch"),
        respond: hasScope(c, "respond"),
        reveal: hasScope(c, "reveal") && hasScope(c, "read") && !onlyRequest,
        onlyRequest,
      };
    },
    csrfToken: (c: Context<ServerEnv>) => csrfToken(c),
    checkCsrf: (c: Context<ServerEnv>, token) => sameText(token, csrfToken(c)),
    stillValid: (c: Context<ServerEnv>) => c.get("stillValid")(),
    signOutPath: (c: Context<ServerEnv>) => {
      const login = c.get("login");
      // A session of the product's own sign-in is ended there.
      const isOurs = login.kind === "session" && login.limitedTo === undefined && login.elsewhere !== true;
      return isOurs ? linkTo(c, "/logout") : undefined;
    },
    report: (err, c: Context<ServerEnv>) =>
      log.error({ requestId: c.get("requestId"), err }, "an inbox page failed"),
    exportLinks: (threadId, c: Context<ServerEnv>) =>
      ["markdown", "json", "html"].map((form) => ({
        label: form,
        href: linkTo(c, `/threads/${threadId}/export?as=${form}`),
      })),
  });
  return {
    inbox: new Hono<ServerEnv>().route("/", routes),
    assets: new Hono<ServerEnv>().route("/", inboxAssets()),
  };
}
