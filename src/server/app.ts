import { randomBytes, randomUUID } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { matchedRoutes } from "hono/route";
import { type Clock, systemClock } from "../base/clock.ts";
import { isInternal, UsageError } from "../base/errors.ts";
import { atOnce } from "../base/hooks.ts";
import { parseExactJson } from "../base/json-numbers.ts";
import { checkOptions } from "../base/options.ts";
import type { Channel } from "../humans/channel.ts";
import { principalKey } from "../humans/principal.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Webhook } from "../triggers/webhook.ts";
import { authenticate } from "./auth.ts";
import { basePathOf, forgottenPrefix, linkTo, pathWithin } from "./base-path.ts";
import { requireModestJson } from "./body-size.ts";
import type { AuthContext, AuthOptions } from "./callers.ts";
import type { RouteDeps } from "./deps.ts";
import { documentation } from "./docs-page.ts";
import type { ServerEnv } from "./env.ts";
import { RequestError, UnauthorizedError } from "./errors.ts";
import { createEventStreams, type EventStreams } from "./event-stream.ts";
import { idempotency } from "./idempotency.ts";
import { requireKnownQuery } from "./known-queries.ts";
import { createRateLimit, DEFAULT_SERVER_LIMITS, type ServerLimits } from "./limits.ts";
import { linkRoutes } from "./links.ts";
import { quietLog, type ServerLog } from "./log.ts";
import { SERVER_OPTIONS } from "./options.ts";
import { PAGE_STYLE, STYLE_PATH } from "./page.ts";
import { loginPage, problemPage, tokenPage } from "./pages.ts";
import { asStatus, problemOf, sendProblem } from "./problem.ts";
import { consoleLog } from "./problem-log.ts";
import { protocolRoutes } from "./protocols.ts";
import { channelRoutes } from "./routes/channels.ts";
import { eventRoutes } from "./routes/events.ts";
import { exportRoutes } from "./routes/export.ts";
import { incomingRoutes } from "./routes/incoming.ts";
import { loginRoutes, logoutRoutes } from "./routes/login.ts";
import { namedEventRoutes } from "./routes/named-events.ts";
import { removalRoutes } from "./routes/removal.ts";
import { requestRoutes } from "./routes/requests.ts";
import { threadRoutes } from "./routes/threads.ts";
import { securityHeaders } from "./security-headers.ts";

export interface ServerOptions {
  readonly runtime: Runtime;
  /** Who may use the server. There is no default, so that no server is open by oversight. */
  readonly auth: AuthOptions;
  /** Pages for people, at `/inbox`; `/` redirects there. All of them require a verified caller. */
  readonly inbox?: Hono<ServerEnv>;
  /** The pages' files (styles, scripts), under paths of their own; they need no sign-in. */
  readonly assets?: Hono<ServerEnv>;
  /**
   * The path that it is mounted under in a server of your own or behind a proxy, such as `/agents`: all links, redirects and
   * cookies keep to it. Requests are taken with the prefix and without, so it does not matter who takes it off. Default:
   * the path of `publicUrl`.
   */
  readonly basePath?: string | undefined;
  /**
   * The address people reach the server by, e.g. behind a proxy, with the path that it is mounted under. With `https:`,
   * cookies are sent only over https.
   */
  readonly publicUrl?: string | undefined;
  /** Webhooks at `/webhooks/<name>`. */
  readonly webhooks?: readonly Webhook[] | undefined;
  /** Protocols that are spoken beside the API, such as those of `twelvefold/protocols`. Default: none. */
  readonly protocols?: readonly Protocol[] | undefined;
  /**
   * Origins of pages elsewhere that may reach the protocols, e.g. `https://app.example.com` whose server passes their requests
   * on. Pages at `publicUrl`, and on this machine those of this machine, may without being named. Default: none.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Channels over which people write back, at `/channels/<name>`: those of the runtime. Others among them do no harm. */
  readonly channels?: readonly Channel[] | undefined;
  /** Signs the links to requests; at least 32 random characters. Default: there are no such links. */
  readonly secret?: string | undefined;
  readonly limits?: Partial<ServerLimits>;
  /** Default: faults only, on the console. */
  readonly log?: ServerLog;
  readonly clock?: Clock;
  /**
   * Returns the caller's network address, which limits how often callers who are not signed in may ask. Called for each such
   * request. If it throws, the answer is 500; all without an address share one limit.
   */
  readonly remoteAddress?: (c: Context) => string | undefined;
  /** See `EventStreamOptions`. */
  readonly pollMs?: number;
  readonly heartbeatMs?: number;
}

export interface Server {
  readonly app: Hono<ServerEnv>;
  readonly streams: EventStreams;
}

const SIGN_IN_BYTES = 10_000;

/**
 * Creates the HTTP API, with the inbox if one is given. Does not listen: see `startServer`, or mount `app` in a server of
 * your own, with its `basePath`.
 */
export function createServer(options: ServerOptions): Server {
  checkOptions("createServer", SERVER_OPTIONS, options);
  const { runtime, auth, clock = systemClock, publicUrl } = options;
  const log = quietLog(options.log ?? consoleLog);
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const basePath = basePathOf(options);
  const secure = publicUrl?.startsWith("https:") === true;
  const streams = createEventStreams({
    runtime,
    clock,
    pollMs: options.pollMs,
    heartbeatMs: options.heartbeatMs,
  });
  const deps: RouteDeps = { runtime, clock, streams, limits };
  const rateLimit = createRateLimit(clock, limits);
  const remoteAddress = (c: Context) => atOnce("`remoteAddress`", options.remoteAddress?.(c)) ?? "unknown";
  const origins = originsOf(publicUrl);
  const formSecret = options.secret ?? randomBytes(32).toString("base64url");
  const context: AuthContext = { auth, store: runtime.store, clock, secure, origins, formSecret };

  const app = new OpenAPIHono<ServerEnv>({ getPath: (request) => pathWithin(basePath, request) });
  requireOneHono(app);
  app.onError((error, c) => {
    const requestId = c.get("requestId");
    const problem = problemOf(error, requestId);
    if (problem.status >= 500 && isInternal(error)) log.error({ requestId, err: error }, "request failed");
    if (problem.status === 401 && c.req.method === "GET" && wantsPage(c) && options.inbox !== undefined) {
      const elsewhere = auth.kind === "own" ? auth.signInUrl : undefined;
      return c.redirect(elsewhere ?? linkTo(c, `/login?next=${encodeURIComponent(c.req.path)}`), 303);
    }
    if (problem.status === 401 && c.req.path === "/login")
      return c.html(loginPage(c, auth.kind, problem.detail), 401);
    if (wantsPage(c)) return c.html(problemPage(c, problem), asStatus(problem));
    const retryAfter = error instanceof RequestError ? error.retryAfter : undefined;
    return sendProblem(c, problem, {
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...(error instanceof UnauthorizedError ? { "www-authenticate": "Bearer" } : {}),
    });
  });
  app.notFound((c) => {
    const prefix = basePath === "" ? forgottenPrefix(c.req.path) : undefined;
    const hint =
      prefix === undefined ? "see /docs" : `if it is mounted under ${prefix}, say so: basePath: "${prefix}"`;
    const error = new RequestError(404, `there is nothing at ${c.req.method} ${c.req.path}; ${hint}`);
    const problem = problemOf(error, c.get("requestId"));
    return wantsPage(c) ? c.html(problemPage(c, problem), 404) : sendProblem(c, problem);
  });

  app.use(async (c, next) => {
    c.set("requestId", randomUUID());
    c.set("basePath", basePath);
    const started = clock.now();
    await next();
    log.info(
      {
        requestId: c.get("requestId"),
        method: c.req.method,
        // Log the pattern, not the address: an address may hold a token.
        route: matchedRoutes(c).findLast(({ path }) => !path.endsWith("*"))?.path ?? "none",
        status: c.res.status,
        ms: clock.now() - started,
        ...(c.get("principal") === undefined ? {} : { principal: principalKey(c.get("principal")) }),
      },
      "request",
    );
  });
  app.use(securityHeaders(secure));
  app.use(requireUnreadBody);
  const atMost = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: () => {
        throw new RequestError(413, `a body has at most ${maxSize} bytes`);
      },
    });
  const ofMost = atMost(limits.bodyBytes);
  // Mails are larger: the channel says how large.
  app.use((c, next) => (c.req.path.startsWith("/channels/") ? next() : ofMost(c, next)));
  // Nobody is known yet: a sign-in is small.
  app.use("/login", atMost(Math.min(SIGN_IN_BYTES, limits.bodyBytes)));

  app.use(async (c, next) => {
    // The platform's parser can misread a key that holds an escape, and a digest covers the keys; it rounds numbers.
    let refused: UsageError | RequestError | undefined;
    Reflect.set(c.req, "json", async () => {
      try {
        const body = await c.req.text();
        requireModestJson(body, limits.bodyValues);
        return parseExactJson(body);
      } catch (error) {
        if (error instanceof UsageError || error instanceof RequestError) refused = error;
        throw error;
      }
    });
    await next();
    // Whoever asked for the body has answered that it is malformed; that it is not.
    if (refused === undefined) return;
    if (refused instanceof RequestError) throw refused;
    throw new RequestError(422, refused.message, { details: refused.details, cause: refused });
  });

  // Open to everybody: these routes protect themselves.
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/favicon.ico", (c) => c.body(null, 204, { "cache-control": "max-age=86400" }));
  app.get(STYLE_PATH, (c) =>
    c.body(PAGE_STYLE, 200, { "content-type": "text/css; charset=utf-8", "cache-control": "max-age=300" }),
  );
  if (options.assets !== undefined) app.route("/", options.assets);
  const limitAddress: MiddlewareHandler = async (c, next) => {
    rateLimit(`address ${remoteAddress(c)}`);
    return next();
  };
  for (const path of ["/login", "/open/*", "/jobs/*", "/webhooks/*", "/channels/*"])
    app.use(path, limitAddress);
  app.get("/login", (c) => {
    const token = c.req.query("token");
    return c.html(token === undefined ? loginPage(c, auth.kind) : tokenPage(c, auth.kind, token));
  });
  app.route("/", loginRoutes(context));
  if (options.secret !== undefined) app.route("/", linkRoutes(options.secret, context));
  app.route("/", channelRoutes(deps, options.channels ?? [], log));
  app.route("/", incomingRoutes(deps, options.webhooks ?? [], log));

  // From here on, every caller is known.
  app.use(authenticate(context));
  app.use(async (c, next) => {
    rateLimit(principalKey(c.get("principal")));
    return next();
  });
  app.route("/", logoutRoutes(context));
  if (options.inbox !== undefined) {
    app.get("/", (c) => c.redirect(linkTo(c, "/inbox"), 303));
    app.route("/", options.inbox);
  }
  const known = [...origins, ...(options.allowedOrigins ?? []).map((one) => new URL(one).origin)];
  for (const protocol of options.protocols ?? [])
    app.route("/", protocolRoutes(protocol, { limits, origins: known }));
  const actOnce = idempotency(runtime.store, clock);
  app.use(async (c, next) => {
    c.set("actOnce", actOnce);
    return next();
  });
  app.use(requireKnownQuery(app));
  app.route("/", eventRoutes(deps));
  app.route("/", threadRoutes(deps));
  app.route("/", exportRoutes(deps));
  app.route("/", removalRoutes(deps));
  app.route("/", requestRoutes(deps));
  app.route("/", namedEventRoutes(deps));
  documentation(app, basePath);
  return { app: makeMountable(app), streams };
}

/** Creates the app alone, for tests and for mounting it in a server of your own. Throws as `createServer` does. */
export function createServerApp(options: ServerOptions): Hono<ServerEnv> {
  return createServer(options).app;
}

/**
 * The app as another one takes it: whole, with its own paths, answers to errors, and contexts, however it is mounted and
 * whichever copy of Hono the other is made of.
 */
function makeMountable(app: Hono<ServerEnv>): Hono<ServerEnv> {
  return new Hono<ServerEnv>().all("*", (c) => app.fetch(c.req.raw, c.env));
}

/** Throws `UsageError` if the app is not made of the Hono that this package uses: contexts of one confuse the other. */
export function requireOneHono(app: unknown): void {
  if (app instanceof Hono) return;
  throw new UsageError(
    "invalid_configuration",
    "there are two copies of Hono: @hono/zod-openapi has another than twelvefold. Keep one (`npm ls hono` shows them; " +
      "`npm dedupe` joins them; in a bundle, bundle all three or none)",
  );
}

/** If middleware around this app has read the body, nothing is left of it: every request would look malformed. */
const requireUnreadBody: MiddlewareHandler = async (c, next) => {
  const incoming: unknown = c.env?.incoming;
  const wasRead =
    typeof incoming === "object" &&
    incoming !== null &&
    Reflect.get(incoming, "readableEnded") === true &&
    Number(c.req.header("content-length") ?? 0) > 0;
  if (wasRead || (c.req.method !== "GET" && c.req.raw.bodyUsed)) {
    throw new UsageError(
      "invalid_configuration",
      "the request's body was read before it came here: mount Twelvefold before body parsers such as express.json()",
    );
  }
  return next();
};

function originsOf(publicUrl: string | undefined): readonly string[] {
  return publicUrl === undefined ? [] : [new URL(publicUrl).origin];
}

/** Whether the caller is a browser that shows the answer to a person, not a program. */
function wantsPage(c: Context): boolean {
  return /\btext\/html\b/.test(c.req.header("accept") ?? "");
}
