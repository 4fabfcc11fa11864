import { createServer as createHttpServer, Server, ServerResponse } from "node:http";
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { systemClock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { cannotListen } from "../base/listening.ts";
import { checkOptions } from "../base/options.ts";
import { type CronTrigger, checkCronTriggers, startCron } from "../triggers/cron.ts";
import { createServer, type ServerOptions } from "./app.ts";
import { basePathOf, publicAddress } from "./base-path.ts";
import { type AuthOptions, newLocalToken } from "./callers.ts";
import { quietLog } from "./log.ts";
import { START_OPTIONS } from "./options.ts";
import { LOOPBACK_HOST } from "./own-site.ts";
import { consoleLog, logProblems } from "./problem-log.ts";
import { type Grant, issueLoginToken } from "./session.ts";

export interface StartOptions extends Omit<ServerOptions, "auth" | "remoteAddress"> {
  /**
   * Who may use the server. Default: anybody who knows the token of this run (`StartedServer.token`), as `web:local`; this
   * is accepted only on a loopback address.
   */
  readonly auth?: ServerOptions["auth"] | undefined;
  /** The port to listen on. Default 3120; 0 picks a free one. */
  readonly port?: number;
  /** The address to listen on. Default 127.0.0.1; any address that others can reach requires credentials. */
  readonly host?: string;
  readonly cron?: readonly CronTrigger[] | undefined;
}

export interface StartedServer {
  /** The address it listens on. */
  readonly url: string;
  /** The token of this run, for `Authorization: Bearer` and `/login?token=…`; `undefined` with keys or your own sign-in. */
  readonly token: string | undefined;
  /** Makes an address that signs a browser in, once, within ten minutes. */
  loginUrl(grant: Grant): Promise<string>;
  /** Stops taking requests, ends streams, lets running tools end and stops the runtime. The store stays open. */
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const CLOSE_MS = 5_000;

/**
 * Starts the server and the runtime behind it; resolves when it listens. Throws `UsageError` for invalid options, for an
 * address that others could reach without credentials, and for an address that is already in use.
 *
 * @example
 * const server = await startServer({ runtime, auth: { kind: "keys", keys }, port: 3120 });
 * console.log(server.url);
 * await server.close(); // on shutdown
 */
export async function startServer(options: StartOptions): Promise<StartedServer> {
  checkOptions("startServer", START_OPTIONS, options);
  const { runtime, host = "127.0.0.1", port = 3120, clock = systemClock } = options;
  const log = quietLog(options.log ?? consoleLog);
  checkCronTriggers(options.cron ?? [], runtime.agents);
  const auth: AuthOptions = options.auth ?? {
    kind: "local",
    principal: { id: "local" },
    token: newLocalToken(),
  };
  const hasKeys = auth.kind === "own" || (auth.kind === "keys" && auth.keys.length > 0);
  if (!LOOPBACK.has(host) && !hasKeys) {
    throw new UsageError(
      "invalid_configuration",
      `will not listen on ${host} without credentials: configure an API key (server.keys) or your own sign-in (server.authenticate), or listen on 127.0.0.1`,
      { details: { host } },
    );
  }
  // With a public address there is a proxy in front, and everybody behind it would seem to be on this machine.
  const { publicUrl: named } = options;
  if (named !== undefined && auth.kind === "local" && !LOOPBACK_HOST.test(new URL(named).host)) {
    throw new UsageError(
      "invalid_configuration",
      `will not be reached by ${named} without credentials: configure an API key (server.keys) or your own sign-in (server.authenticate), or leave the public address out`,
      { details: { publicUrl: named } },
    );
  }
  const { port: _port, host: _host, cron: triggers = [], ...ofServer } = options;
  const { app, streams } = createServer({
    ...ofServer,
    auth,
    remoteAddress: (c) => getConnInfo(c).remote.address,
  });
  const { server, url, answering, endStreams } = await listen(app, host, port);
  const unsubscribe = logProblems(runtime, log);
  runtime.start();
  const cron = startCron({
    triggers,
    runtime,
    clock,
    onProblem: (trigger, err) => log.error({ trigger, err }, "cron trigger failed"),
  });
  const publicUrl = new URL(options.publicUrl ?? url).origin + basePathOf(options);
  log.info({ url }, "listening");
  return {
    url,
    token: auth.kind === "local" ? auth.token : undefined,
    async loginUrl(grant) {
      const token = await issueLoginToken(runtime.store, clock, grant);
      return publicAddress(publicUrl, `/login?token=${token}`);
    },
    async close() {
      await cron.stop();
      streams.close();
      await new Promise<void>((resolve) => {
        const atLast = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
        // Let answers in progress arrive first; then close every connection, used or not.
        const whenAnswered = setInterval(() => {
          endStreams();
          if (answering() === 0) server.closeAllConnections();
        }, 10);
        server.close(() => {
          clearTimeout(atLast);
          clearInterval(whenAnswered);
          resolve();
        });
      });
      await runtime.stop();
      unsubscribe();
    },
  };
}

type App = ReturnType<typeof createServer>["app"];

/** Resolves once the server listens. */
async function listen(app: App, hostname: string, port: number) {
  const started = Promise.withResolvers<number>();
  const open = new Set<ServerResponse>();
  const fetch: Parameters<typeof serve>[0]["fetch"] = async (request, bindings) => {
    const answer = await app.fetch(request, bindings);
    const isStream = answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
    const { outgoing } = bindings;
    if (isStream && outgoing instanceof ServerResponse) {
      open.add(outgoing);
      outgoing.once("close", () => open.delete(outgoing));
    }
    return answer;
  };
  const server = serve({ fetch, hostname, port, createServer: createHttpServer }, (info) =>
    started.resolve(info.port),
  );
  if (!(server instanceof Server)) throw new Error("not an HTTP server");
  let active = 0;
  server.on("request", (_request, response) => {
    active += 1;
    response.once("close", () => {
      active -= 1;
    });
  });
  server.on("error", (cause: Error) => started.reject(cannotListen(hostname, port, cause)));
  const name = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    server,
    url: `http://${name}:${await started.promise}`,
    answering: () => active,
    /** Streams that have not ended by themselves: those of pages, and of what else is mounted. */
    endStreams() {
      for (const response of open) response.socket?.destroySoon();
    },
  };
}
