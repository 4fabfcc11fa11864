// `twelvefold/restate`: threads are woken by a Restate server, which is used as a scheduler and for nothing else.
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { setTimeout } from "node:timers/promises";
import { createEndpointHandler, type ObjectContext, object } from "@restatedev/restate-sdk";
import { fields, numberFrom, optional, text } from "../../base/checks.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import { cannotListen } from "../../base/listening.ts";
import { address, checkOptions, nonEmptyName } from "../../base/options.ts";
import { createHandOver, type Engine, type EngineStart } from "./engine.ts";

export interface RestateEngineOptions {
  /** The address of Restate's ingress, where wakes are sent: `http://127.0.0.1:8080`. */
  readonly ingress: string;
  /**
   * The address of Restate's admin API, where a process that advances threads registers itself when it starts:
   * `http://127.0.0.1:9070`. Default: none; register `reachedBy` yourself.
   */
  readonly admin?: string | undefined;
  /** Where a process that advances threads listens for Restate. Default: 127.0.0.1, a free port. */
  readonly listen?: { readonly host?: string | undefined; readonly port?: number | undefined } | undefined;
  /**
   * The address at which Restate reaches this process. Default: the address it listens on. Restate sends to the address
   * that was registered last, so give several workers one address, with a TCP load balancer behind it.
   */
  readonly reachedBy?: string | undefined;
  /** The name of the virtual object, one for each installation. Default `twelvefold_thread`. */
  readonly name?: string | undefined;
}

const OPTIONS = fields({
  ingress: address,
  admin: optional(address),
  listen: optional(
    fields({ host: optional(text()), port: optional(numberFrom(0, 65_535, { whole: true })) }),
  ),
  reachedBy: optional(address),
  name: optional(nonEmptyName),
});

/** How long, in ms, to wait for Restate's answer. */
const ANSWER_MS = 10_000;
const QUARTER_HOUR_MS = 900_000;

/**
 * The engine on Restate (1.7 or later, https://restate.dev). A wake is one invocation of a virtual object whose key is the
 * thread: it lasts until a process has claimed the thread, and its journal is empty, so that new code never meets an old
 * journal. Wakes at a time are Restate's timers. Needs the package `@restatedev/restate-sdk` and a Restate server, whose
 * licence (BSL 1.1) allows own use and forbids offering Restate itself as a service.
 *
 * A change and its wake are not one transaction: where Restate cannot be reached, the change stands, `onProblem` is told,
 * and the thread begins when a worker next looks for work. Throws `UsageError` for options that cannot be.
 *
 * @example
 * const engine = restateEngine({ ingress: "http://127.0.0.1:8080", admin: "http://127.0.0.1:9070" });
 * const runtime = createRuntime({ agents, store, engine });
 */
export function restateEngine(options: RestateEngineOptions): Engine {
  checkOptions("restateEngine", OPTIONS, options);
  const { ingress, admin, name = "twelvefold_thread" } = options;
  const { begun, idle } = createHandOver();
  let endpoint: Endpoint | undefined;
  const stopped = new AbortController();
  const send = async (threadId: ThreadId, delayMs: number) => {
    const delay = delayMs > 0 ? `?delay=${Math.ceil(delayMs)}ms` : "";
    await post("the wake", new URL(`/${name}/${threadId}/advance/send${delay}`, ingress), undefined);
  };
  return {
    name: "restate",
    wake: (threadId, at) => begun(send(threadId, at === undefined ? 0 : at - Date.now())),
    async start(work) {
      endpoint = await listen(name, work, options, begun);
      if (admin === undefined) return;
      const uri = options.reachedBy ?? endpoint.url;
      const register = () =>
        post("this process", new URL("/deployments", admin), { uri, force: true }, stopped.signal);
      await register().catch((error: unknown) => {
        work.onProblem(error);
        void registerLater(register, stopped.signal);
      });
    },
    idle,
    async stop() {
      stopped.abort();
      await idle();
      await endpoint?.close();
    },
  };
}

/** How often, in ms, a process tries again to make itself known. */
const REGISTER_EVERY_MS = 1_000;

/** Until it has worked. Of the failures nobody is told again: meanwhile the process finds work by itself. */
async function registerLater(register: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await setTimeout(REGISTER_EVERY_MS, undefined, { signal, ref: false });
      return await register();
    } catch {
      // Again, unless the engine was stopped.
    }
  }
}

interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

async function listen(
  name: string,
  { advance }: EngineStart,
  { listen: { host = "127.0.0.1", port = 0 } = {} }: RestateEngineOptions,
  begun: (work: Promise<void>) => Promise<void>,
): Promise<Endpoint> {
  const thread = object({
    name,
    handlers: {
      advance: async ({ key }: ObjectContext) => {
        const threadId = parseThreadId(key);
        // Anybody who reaches the ingress can name a key; a key that is not a thread's id needs no work.
        if (threadId !== undefined) await begun(advance(threadId));
      },
    },
    options: {
      inactivityTimeout: QUARTER_HOUR_MS,
      abortTimeout: QUARTER_HOUR_MS,
      // No wake is worth delaying the ones after it.
      retryPolicy: { maxAttempts: 5, onMaxAttempts: "kill" },
      journalRetention: 0,
    },
  });
  const server = createServer(createEndpointHandler({ services: [thread], logger: () => {} }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  const bound = await bind(server, host, port);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

async function bind(server: Http2Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const place = server.address();
  return typeof place === "object" && place !== null ? place.port : port;
}

async function post(what: string, url: URL, body: unknown, stopped?: AbortSignal): Promise<void> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const headers: Record<string, string> = json === undefined ? {} : { "content-type": "application/json" };
  let response: Response;
  try {
    const late = AbortSignal.timeout(ANSWER_MS);
    const signal = stopped === undefined ? late : AbortSignal.any([late, stopped]);
    response = await fetch(url, {
      method: "POST",
      headers,
      signal,
      body: json ?? null,
    });
  } catch (cause) {
    throw new TwelvefoldError(
      "engine_failed",
      `Restate at ${url.origin} was not told about ${what}: it cannot be reached`,
      {
        cause,
      },
    );
  }
  const said = await response.text();
  if (response.ok) return;
  throw new TwelvefoldError(
    "engine_failed",
    `Restate at ${url.origin} refused ${what} with ${response.status}: ${said.slice(0, 300)}`,
  );
}
