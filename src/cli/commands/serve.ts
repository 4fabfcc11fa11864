import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import type { ServerConfig } from "../../config.ts";
import { serverInbox } from "../../inbox/server-inbox.ts";
import { loadProtocols } from "../../protocols/load.ts";
import type { ApiKey } from "../../server/api-key.ts";
import { publicAddress } from "../../server/base-path.ts";
import type { AuthOptions } from "../../server/callers.ts";
import { type StartedServer, startServer } from "../../server/start.ts";
import { EXIT } from "../exit.ts";
import { logOf } from "../log.ts";
import { portOf, publicUrlIn, secretIn } from "../server-variables.ts";
import type { Session } from "../session.ts";
import { observeRuntime } from "../telemetry.ts";

/** `twelvefold serve`: serves until it is interrupted. */
export async function serve(
  session: Session,
  options: { readonly port?: number; readonly host: string; readonly worker: boolean },
): Promise<number> {
  const { env, terminal } = session;
  const { server: config = {}, channels } = await session.config();
  const model = await session.model();
  const runtime = await session.lastingRuntime(options.worker);
  observeRuntime(runtime);
  const secret = secretIn(env);
  const publicUrl = publicUrlIn(env) ?? config.publicUrl;
  const log = await logOf(env["TWELVEFOLD_LOG"], terminal);
  const server = await startServer({
    runtime,
    port: options.port ?? portOf(env["TWELVEFOLD_PORT"]),
    host: options.host,
    log,
    ...serverInbox({ runtime, clock: systemClock, model, log, promptSource: promptSources(process.cwd()) }),
    auth: authOf(config),
    protocols: await loadProtocols(config.protocols ?? [], runtime),
    allowedOrigins: config.allowedOrigins,
    webhooks: config.webhooks,
    channels,
    cron: config.cron,
    publicUrl,
    secret,
  });
  session.onClose(() => server.close());
  const admin = config.keys?.find(({ scopes }) => scopes.includes("admin")) ?? config.keys?.[0];
  const inbox = await inboxUrl(server, publicUrl ?? server.url, admin);
  if (session.json) terminal.out(JSON.stringify({ url: server.url, inbox, token: server.token }));
  else {
    terminal.out(`inbox: ${inbox}`);
    terminal.out(`API:   ${publicAddress(publicUrl ?? server.url, "/docs")}`);
    if (publicUrl !== undefined) terminal.err(session.colors.dim(`listens on ${server.url}`));
    terminal.err(
      session.colors.dim(
        options.worker
          ? "Ctrl-C stops the server: it waits for running tools; everything else goes on at the next start"
          : "advances no threads: npx twelvefold worker does, here or on other machines; Ctrl-C stops the server",
      ),
    );
  }
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  return EXIT.ok;
}

/** `undefined` if the server shall make a token for this run. */
function authOf({ keys, authenticate, signInUrl }: ServerConfig): AuthOptions | undefined {
  if (authenticate !== undefined) {
    const own = { kind: "own", authenticate, keys: keys ?? [] } as const;
    return signInUrl === undefined ? own : { ...own, signInUrl };
  }
  return keys === undefined ? undefined : { kind: "keys", keys };
}

/** The address that signs the person at this terminal in: with the token of this run, or once with a configured key. */
async function inboxUrl(server: StartedServer, base: string, admin: ApiKey | undefined): Promise<string> {
  if (server.token !== undefined) return publicAddress(base, `/login?token=${server.token}`);
  if (admin === undefined) return server.url;
  return server.loginUrl({ principal: admin.principal, scopes: admin.scopes, keyId: admin.id });
}

/** Finds a prompt's text in the project's `.baml` files. Reads them each time, so that edits show at once. */
function promptSources(folder: string) {
  const sources = join(folder, "baml_src");
  return (name: string) => {
    if (!existsSync(sources)) return undefined;
    for (const file of readdirSync(sources, { recursive: true }).map(String)) {
      if (!file.endsWith(".baml")) continue;
      const text = readFileSync(join(sources, file), "utf8");
      if (new RegExp(`^function ${name}\\(`, "m").test(text)) return { file: `baml_src/${file}`, text };
    }
    return undefined;
  };
}
