import { once } from "node:events";
import { join } from "node:path";
import type { Agent } from "../../agent/agent.ts";
import { systemClock } from "../../base/clock.ts";
import { UsageError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { VerifiedPrincipal } from "../../humans/principal.ts";
import { serverInbox } from "../../inbox/server-inbox.ts";
import { eventLine } from "../../present/event-line.ts";
import { createRuntime, type Runtime } from "../../runtime/runtime.ts";
import { startServer } from "../../server/start.ts";
import type { CronTrigger } from "../../triggers/cron.ts";
import { EXIT } from "../exit.ts";
import { importModule } from "../load-config.ts";
import { logOf } from "../log.ts";
import { openStore } from "../open-store.ts";
import type { Session } from "../session.ts";

/** What `src/agents/<name>/demo.ts` exports as `demo`. */
export interface Demo {
  /** Who gets a link to the inbox. */
  readonly people: readonly string[];
  /** Makes everything anew in `folder`. `url` gives the server's address once it listens. */
  prepare(folder: string, url: () => string): Promise<PreparedDemo>;
}

interface PreparedDemo {
  readonly agents: readonly Agent[];
  readonly cron?: readonly CronTrigger[];
  /** Lines about what was made. */
  readonly about: readonly string[];
  launch(
    runtime: Runtime,
    from: VerifiedPrincipal,
    message?: string,
  ): Promise<{ readonly threadId: ThreadId }>;
}

/**
 * `twelvefold demo <name> [message…]`: runs an agent on a site of its own, with the inbox, until it is interrupted. Prints
 * a link for each person, which signs one browser in, once. `file` is what `demoFile` returned for the name.
 */
export async function demo(
  session: Session,
  { name, file }: { readonly name: string; readonly file: string },
  words: readonly string[],
  { port = 0 }: { readonly port?: number },
): Promise<number> {
  const { terminal, colors, json, env } = session;
  const { people, prepare } = await loadDemo(session, file);
  const folder = join(session.folder, ".twelvefold", `demo-${name}`);
  let url = "";
  const { agents, cron, about, launch } = await prepare(folder, () => url);
  const model = await session.model();
  const store = await openStore(join(folder, "threads.db"), folder, session.terminal.err);
  session.onClose(() => store.close());
  const known = Object.fromEntries(people.map((id) => [id, [`*:${id}`]]));
  const runtime = createRuntime({ agents, store, model, people: known });
  const log = await logOf(env["TWELVEFOLD_LOG"], terminal);
  const inbox = serverInbox({ runtime, clock: systemClock, model, log });
  const server = await startServer({ runtime, port, log, ...inbox, cron });
  session.onClose(() => server.close());
  ({ url } = server);

  const links: Record<string, string> = {};
  for (const id of people)
    links[id] = await server.loginUrl({ principal: { id }, scopes: ["launch", "read", "respond"] });
  const message = words.join(" ").trim();
  const launched = await launch(runtime, session.person, message === "" ? undefined : message);
  if (json) terminal.out(JSON.stringify({ url, folder, links, threadId: launched.threadId }));
  else {
    for (const line of about) terminal.out(line);
    for (const [id, link] of Object.entries(links)) terminal.out(`${`inbox of ${id}:`.padEnd(13)} ${link}`);
    terminal.err(
      colors.dim(
        "Each link signs one browser in, once: open one of them in a private window. Ctrl-C ends it.",
      ),
    );
  }
  const stop = runtime.subscribe((seen) => {
    if (seen.kind !== "events" || json) return;
    for (const event of seen.events) {
      const line = eventLine(event, colors);
      if (line !== undefined) terminal.err(line);
    }
  });
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  stop();
  return EXIT.ok;
}

async function loadDemo({ requireFreshClient }: Session, file: string): Promise<Demo> {
  await requireFreshClient();
  const module = await importModule(file);
  const exported: unknown =
    typeof module === "object" && module !== null && "demo" in module ? module.demo : undefined;
  if (isDemo(exported)) return exported;
  throw new UsageError("invalid_configuration", `${file} must export demo: { people, prepare }`);
}

function isDemo(value: unknown): value is Demo {
  return (
    typeof value === "object" &&
    value !== null &&
    "people" in value &&
    Array.isArray(value.people) &&
    "prepare" in value &&
    typeof value.prepare === "function"
  );
}
