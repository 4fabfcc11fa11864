import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import { callQuietly } from "../base/hooks.ts";
import { checkedDeps, type InboxDeps } from "./deps.ts";
import { createFiguresList } from "./figures-list.ts";
import { createRequestList } from "./request-list.ts";
import { agentRoutes } from "./routes/agents.tsx";
import { figuresRoutes } from "./routes/figures.tsx";
import { liveRoutes } from "./routes/live.tsx";
import {
  accessOf,
  baseOf,
  formOf,
  ownPath,
  type Pages,
  problemOf,
  requireRead,
  showProblem,
  THEME_COOKIE,
  themeOf,
} from "./routes/page.tsx";
import { requestRoutes } from "./routes/requests.tsx";
import { threadRoutes } from "./routes/threads.tsx";

/**
 * The pages under `/inbox`. Everything but `inboxAssets()` needs a person who is signed in, and every form its
 * session's token. To be mounted in an app: `app.route("/", inboxRoutes(deps))`, or under the path that
 * `given.basePath` gives.
 */
export function inboxRoutes(given: InboxDeps): Hono {
  const deps = checkedDeps(given);
  const { runtime, clock } = deps;
  const pages: Pages = {
    deps,
    requests: createRequestList(runtime, clock),
    figures: createFiguresList(runtime),
  };
  const app = new Hono();
  app.use("/inbox/*", securityHeaders);
  app.use("/inbox/*", async (c, next) => {
    if (deps.principal(c) === undefined) {
      if (deps.signInPath !== undefined && c.req.method === "GET") return c.redirect(deps.signInPath, 303);
      const text = "Sign in first, then come back to this page.";
      return showProblem(pages, c, { status: 401, title: "Nobody is signed in", text });
    }
    c.header("cache-control", "no-store");
    if (c.req.method === "POST" && !deps.checkCsrf(c, (await formOf(c))["csrf"] ?? "")) {
      const text =
        "The form is from another session. Load the page again and send it once more. Nothing was changed.";
      return showProblem(pages, c, { status: 403, title: "This form is not valid here", text });
    }
    return next();
  });
  app.onError(async (error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) callQuietly(() => deps.report?.(error, c));
    return showProblem(pages, c, problem);
  });
  app.post("/inbox/theme", async (c) => {
    const { theme, back = "" } = await formOf(c);
    const base = baseOf(pages, c);
    const options = { path: base || "/", httpOnly: true, sameSite: "Lax", maxAge: 365 * 86_400 } as const;
    setCookie(c, THEME_COOKIE, themeOf(theme), options);
    return c.redirect(base + (isOwnPath(back) ? back : "/inbox"), 303);
  });
  app.use("/inbox/*", async (c, next) => {
    // People who may answer requests see requests; everything else is for those who may read.
    const isRequest = /^\/inbox\/?$|^\/inbox\/requests\//.test(ownPath(pages, c));
    if (!isRequest || !accessOf(pages, c).respond) requireRead(pages, c);
    return next();
  });
  app.route("/", requestRoutes(pages));
  app.route("/", liveRoutes(pages));
  app.route("/", threadRoutes(pages));
  app.route("/", agentRoutes(pages));
  app.route("/", figuresRoutes(pages));
  app.all("/inbox/*", (c) =>
    showProblem(pages, c, {
      status: 404,
      title: "There is no such page",
      text: "Perhaps the address was cut.",
    }),
  );
  return app;
}

/** Nothing may be loaded from elsewhere, no script or style may stand in a page, no other site may frame it. */
const securityHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  referrerPolicy: "same-origin",
  xFrameOptions: "DENY",
});

function isOwnPath(path: string): boolean {
  return /^\/inbox(?:[/?][\w\-./?=&%+]*)?$/.test(path);
}
