import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { SERVE_NEEDS, withPackages } from "../base/missing-package.ts";
import { visible } from "../present/visible-text.ts";
import { parseCount } from "./parse-count.ts";
import { addProjectCommands } from "./project-commands.ts";
import { addRegressionCommands } from "./regression-commands.ts";
import { addRetentionCommands } from "./retention-commands.ts";
import type { Session } from "./session.ts";
import { addWorkbenchCommands } from "./workbench-commands.ts";

/** Runs one command; resolves with its exit code. */
export type Action = (run: (session: Session) => Promise<number>, json: boolean) => Promise<void>;

const EXIT_CODES = `
Exit codes: 0 done, or waiting for somebody; 1 the thread or the check failed; 2 wrong arguments or configuration;
3 no such thread, request or agent; 4 the thread's state or the policy does not allow it; 5 the store cannot be read
or written; 130 interrupted (nothing is lost).

A thread is named by its id, by the beginning of it (at least three characters after thr_), or by \`last\`, the thread that
changed last. \`erase\` and \`prune\` take whole ids only.

Threads are kept in .twelvefold/threads.db; TWELVEFOLD_STORE names another place. TWELVEFOLD_MODEL=provider/model chooses
the model; otherwise the first provider whose key is in the environment or .env, or else the built-in offline model.`;

const SHOW_AS =
  "timeline, markdown, json, html (a page), context (what the model reads), request (what it would be sent next) or graph (Mermaid)";

/** The command line. A command's code is loaded when it is called, so `--help` loads and opens nothing. */
export function createProgram(action: Action): Command {
  const program = new Command("twelvefold")
    .description("Run your agents' threads, see what they do, answer their requests and steer them.")
    .version(packageVersion(), "-V, --version", "display the version")
    .addHelpText("after", EXIT_CODES)
    // Its errors quote what was typed, which a script may have from elsewhere.
    .configureOutput({ outputError: (message, write) => write(visible(message)) })
    .showHelpAfterError("(--help shows what is valid)")
    .showSuggestionAfterError()
    .exitOverride();

  const command = (usage: string, description: string, example: string): Command =>
    program
      .command(usage)
      .description(description)
      .option("--json", "print the outcome as JSON; ask no questions")
      .addHelpText("after", `\nExample:\n  ${example}`);

  type Flags = { readonly json?: boolean };
  const act = (options: Flags, run: (session: Session) => Promise<number>) =>
    action(run, options.json === true);

  command(
    "run <agent> [message...]",
    "launch a thread and follow it",
    'twelvefold run calculator "multiply 3 and 4"\n  echo "multiply 3 and 4" | twelvefold run calculator',
  )
    .option("--once <key>", "an idempotency key: the same key launches once")
    .action((agent: string, message: string[], options: Flags & { once?: string }) =>
      act(options, async (session) =>
        (await import("./commands/run.ts")).run(session, agent, message, options),
      ),
    );
  command("list", "list threads, latest first", "twelvefold list --status awaiting_approval")
    .option("--agent <name>", "only threads of this agent")
    .option("--status <status...>", "only threads with one of these statuses")
    .option("--pending", "only threads that wait for a person")
    .option(
      "--search <text>",
      'only threads that say these words ("in quotes": one after another), or with such an id',
    )
    .option("--limit <n>", "how many to list, at most 1000", parseCount, 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action((options: Flags & import("./commands/list.ts").ListOptions) =>
      act(options, async (session) => (await import("./commands/list.ts")).list(session, options)),
    );
  command(
    "follow <thread>",
    "show what happens in a thread, whoever works on it; changes nothing",
    "twelvefold follow last",
  ).action((thread: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/follow.ts")).followThread(session, thread)),
  );
  command("show <thread>", "show what happened in a thread", "twelvefold show thr_… --as context")
    .option("--as <form>", SHOW_AS, "timeline")
    .action((thread: string, options: Flags & { as: string }) =>
      act(options, async (session) => (await import("./commands/show.ts")).show(session, thread, options)),
    );
  command(
    "approve <id>",
    "approve a pending step, or go on after an escalation; then follow the thread. With a thread's id, the card is shown and you are asked to confirm",
    "twelvefold approve thr_….7",
  )
    .option("--digest <digest>", "decide on exactly this version of the card")
    .option("--edit <json>", "approve with these fields changed")
    .action((id: string, options: Flags & { digest?: string; edit?: string }) =>
      act(options, async (session) => (await import("./commands/answer.ts")).approve(session, id, options)),
    );
  command(
    "deny <id> [feedback...]",
    "deny a pending step, with feedback for the model; then follow the thread",
    'twelvefold deny thr_….7 "use 5 instead"',
  )
    .option("--option <name>", "deny with one of the ready answers that the card lists, by its name")
    .option("--digest <digest>", "decide on exactly this version of the card")
    .action((id: string, feedback: string[], options: Flags & { digest?: string; option?: string }) =>
      act(options, async (session) =>
        (await import("./commands/answer.ts")).deny(session, id, feedback, options),
      ),
    );
  command(
    "answer <id> [text...]",
    "answer a question; then follow the thread",
    'twelvefold answer thr_….4 "take 12"',
  )
    .option("--happened <json>", "for an unknown outcome: it happened, with this result (JSON)")
    .option("--did-not-happen", "for an unknown outcome: it did not happen, so run it")
    .action((id: string, text: string[], options: Flags & { happened?: string; didNotHappen?: boolean }) =>
      act(options, async (session) =>
        (await import("./commands/answer.ts")).answer(session, id, text, options),
      ),
    );
  command(
    "message <thread> <text...>",
    "send another message; a finished thread goes on",
    'twelvefold message thr_… "and add 3"',
  ).action((thread: string, text: string[], options: Flags) =>
    act(options, async (session) => (await import("./commands/threads.ts")).message(session, thread, text)),
  );
  command("pause <thread>", "pause a thread", "twelvefold pause thr_…")
    .option("--reason <text>", "why")
    .action((thread: string, options: Flags & { reason?: string }) =>
      act(options, async (session) =>
        (await import("./commands/threads.ts")).pause(session, thread, options),
      ),
    );
  command(
    "resume <thread>",
    "resume a paused thread, or go on with one that no process advances",
    "twelvefold resume thr_…",
  ).action((thread: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/threads.ts")).resume(session, thread)),
  );
  command("cancel <thread>", "cancel a thread for good", "twelvefold cancel thr_…")
    .option("--reason <text>", "why")
    .action((thread: string, options: Flags & { reason?: string }) =>
      act(options, async (session) =>
        (await import("./commands/threads.ts")).cancel(session, thread, options),
      ),
    );
  command(
    "fork <thread>",
    "copy a thread up to an event into a new, paused one",
    "twelvefold fork thr_… --at 6",
  )
    .requiredOption("--at <seq>", "the last event to copy", parseCount)
    .action((thread: string, options: Flags & { at: number }) =>
      act(options, async (session) => (await import("./commands/threads.ts")).fork(session, thread, options)),
    );
  command(
    "leave-out <thread> <seq...>",
    "from here on, the model does not read these events; the log keeps them",
    'twelvefold leave-out thr_… 7 9 --reason "another customer\'s order"',
  )
    .option("--reason <text>", "why")
    .action((thread: string, seqs: string[], options: Flags & { reason?: string }) =>
      act(options, async (session) =>
        (await import("./commands/threads.ts")).leaveOut(session, thread, seqs, options),
      ),
    );
  command(
    "verify <thread...>",
    "check that no stored event was altered, dropped or reordered",
    "twelvefold verify thr_…",
  ).action((threads: string[], options: Flags) =>
    act(options, async (session) => (await import("./commands/threads.ts")).verify(session, threads)),
  );
  addRetentionCommands(command, act);
  command(
    "prompt <agent> [message...]",
    "print the exact request that the model would get next; nothing is sent",
    "twelvefold prompt calculator --thread thr_… --at 6",
  )
    .option("--thread <id>", "use this thread instead of a new one that holds only the message")
    .option("--at <seq>", "use the thread as it was after this event", parseCount)
    .option("--raw", "only the body, byte for byte")
    .action((agent: string, words: string[], options: Flags & import("./commands/prompt.ts").PromptOptions) =>
      act(options, async (session) =>
        (await import("./commands/prompt.ts")).prompt(session, agent, words, options),
      ),
    );
  command("tokens <thread>", "compare what a thread costs in each format", "twelvefold tokens thr_…").action(
    (thread: string, options: Flags) =>
      act(options, async (session) => (await import("./commands/tokens.ts")).tokens(session, thread)),
  );
  command(
    "model <which> [place]",
    "run a model server on this machine: offline (built in), record, replay or faults",
    "twelvefold model record recordings --upstream https://api.openai.com/v1",
  )
    .option("--port <port>", "a fixed port instead of a free one", parseCount)
    .option("--upstream <url>", "record, faults: the model behind it; default: the configured one")
    .option("--seed <n>", "faults: the same number gives the same faults in the same order", parseCount, 1)
    .option(
      "--rate <percent>",
      "faults: how many answers have one, all faults equally often (default: 30)",
      parseCount,
    )
    .option("--fault <name=percent...>", "faults: only these, each as often as it says")
    .addHelpText(
      "after",
      `
record   passes requests on and streams the answers back, and writes each exchange to a folder (default: recordings) as files
         that people can read and git can compare, or to one file if its name ends in .jsonl. Keys are passed on, never
         written. OpenAI's, Anthropic's and Google's shapes go through alike.
replay   answers from such a recording and asks nobody. A request that is not in it gets 404; the nearest recorded one is shown
         with a diff. Exits with 1 if there was one.
faults   passes on what another model answers, with faults: broken and misleading texts, cut streams, odd finish reasons,
         rate limits, hanging and reset connections.`,
    )
    .action(
      (
        which: string,
        place: string | undefined,
        options: Flags & import("./commands/model.ts").ModelOptions,
      ) =>
        act(options, async (session) =>
          (await import("./commands/model.ts")).model(session, which, place, options),
        ),
    );
  command(
    "serve",
    "serve the HTTP API and the web inbox, and advance threads in the background",
    "twelvefold serve --port 3120",
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
    .option("--no-worker", "advance no threads here: leave them to `twelvefold worker`")
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
    "twelvefold worker",
  ).action((options: Flags) =>
    act(options, async (session) => (await import("./commands/worker.ts")).worker(session)),
  );
  command(
    "mcp",
    "serve the agents as tools of the Model Context Protocol over standard input and output",
    "twelvefold mcp",
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
    "twelvefold demo deploybot",
  )
    .option("--port <port>", "the port to listen on (default: a free one)", parseCount)
    .action((name: string, words: string[], options: Flags & { port?: number }) =>
      act(options, async (session) => {
        const { demo } = await withPackages("demo", SERVE_NEEDS, () => import("./commands/demo.ts"));
        return demo(session, name, words, options);
      }),
    );
  command(
    "receive <channel>",
    "take one message from standard input: for a mail server that pipes each mail",
    "twelvefold receive email < mail.eml",
  ).action((channel: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/receive.ts")).receive(session, channel)),
  );
  addProjectCommands(command, act);
  addWorkbenchCommands(command, act);
  addRegressionCommands(command, act);
  command(
    "key <id>",
    "make an API key: print it once, with the line for the configuration",
    "twelvefold key ada --scopes read,respond",
  )
    .option(
      "--scopes <scopes>",
      "any of launch, read, respond, admin; separated by commas",
      "launch,read,respond",
    )
    .action((id: string, options: Flags & { scopes: string }) =>
      act(options, async (session) => (await import("./commands/key.ts")).key(session, id, options)),
    );
  return program;
}

function packageVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "";
}
