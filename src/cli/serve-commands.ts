import { SERVE_NEEDS, withPackages } from "../base/missing-package.ts";
import type { Act, Flags, NewCommand } from "./act.ts";
import { parseCount } from "./parse-count.ts";

/** Commands that serve and advance threads. */
export function addServeCommands(command: NewCommand, act: Act): void {
  command(
    "serve",
    "serve the HTTP API and the web inbox, and advance threads in the background",
    "npx twelvefold serve --port 3120",
  )
    .option(
      "--port <port>",
      "the port to listen on; 0 takes a free one (default: TWELVEFOLD_PORT, else 3120)",
      parseCount,
    )
    .option(
      "--host <host>",
      "the address to listen on; one that others can reach needs keys in the configuration",
      "127.0.0.1",
    )
    .option("--no-worker", "advance no threads here: leave them to `npx twelvefold worker`")
    .addHelpText(
      "after",
      `
Pages: / (inbox), /docs (the API). Without keys in twelvefold.config.ts, only this machine is served, and everybody who
has the printed address, or the token in it, counts as one person until the server stops. With keys, programs send
\`Authorization: Bearer <key>\` and people sign in at /login; the printed address signs a browser in once.
TWELVEFOLD_SECRET (32 or more random characters) signs links to requests.
Problems are reported on standard error; TWELVEFOLD_LOG=info logs requests too, as JSON lines.`,
    )
    .action((options: Flags & { port?: number; host: string; worker: boolean }) =>
      act(options, async (session) => {
        const { serve } = await withPackages("serve", SERVE_NEEDS, () => import("./commands/serve.ts"));
        return serve(session, options);
      }),
    );
  command(
    "worker",
    "advance threads in the background, on as many machines as you like; see `store` and `engine` in the configuration",
    "npx twelvefold worker",
  ).action((options: Flags) =>
    act(options, async (session) => (await import("./commands/worker.ts")).worker(session)),
  );
  command(
    "mcp",
    "serve the agents as tools of the Model Context Protocol over standard input and output",
    "npx twelvefold mcp",
  )
    .addHelpText(
      "after",
      `
Clients start it themselves: their configuration names the command, \`npx twelvefold mcp\`, and this folder. Whoever is
behind it counts as the program mcp:<account>, which approves nothing; over HTTP, \`server.protocols: ["mcp"]\` in the
configuration knows callers by their keys.`,
    )
    .action((options: Flags) =>
      act(options, async (session) => (await import("./commands/mcp.ts")).mcp(session)),
    );
  command(
    "demo <name> [message...]",
    "run a reference agent on a site of its own, with the inbox and a link for each person",
    "npx twelvefold demo deploybot",
  )
    .option("--port <port>", "the port to listen on (default: a free one)", parseCount)
    .action((name: string, words: string[], options: Flags & { port?: number }) =>
      act(options, async (session) => {
        const { demoFile } = await import("./commands/demo-file.ts");
        const file = demoFile(session.folder, name);
        const { demo } = await withPackages("demo", SERVE_NEEDS, () => import("./commands/demo.ts"));
        return demo(session, { name, file }, words, options);
      }),
    );
  command(
    "receive <channel>",
    "take one message from standard input: for a mail server that pipes each mail",
    "npx twelvefold receive email < mail.eml",
  ).action((channel: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/receive.ts")).receive(session, channel)),
  );
}

/** Makes keys of the API. */
export function addKeyCommand(command: NewCommand, act: Act): void {
  command(
    "key <id>",
    "make an API key: print it once, with the entry for the configuration",
    "npx twelvefold key ada --scopes read,respond",
  )
    .option(
      "--scopes <scopes>",
      "any of launch, read, respond, reveal, admin; separated by commas",
      "launch,read,respond",
    )
    .action((id: string, options: Flags & { scopes: string }) =>
      act(options, async (session) => (await import("./commands/key.ts")).key(session, id, options)),
    );
}
