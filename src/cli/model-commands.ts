import type { Command } from "commander";
import type { Act, Flags, NewCommand } from "./act.ts";
import type { ModelOptions } from "./commands/model.ts";
import { parseCount } from "./parse-count.ts";

/** Commands about what a model reads, and model servers on this machine. */
export function addModelCommands(command: NewCommand, act: Act): void {
  command(
    "prompt <agent> [message...]",
    "print the exact request that the model would get next; nothing is sent",
    "npx twelvefold prompt calculator --thread thr_… --at 6",
  )
    .option("--thread <id>", "use this thread instead of a new one that holds only the message")
    .option("--at <seq>", "use the thread as it was after this event", parseCount)
    .option("--raw", "only the body, byte for byte")
    .action((agent: string, words: string[], options: Flags & import("./commands/prompt.ts").PromptOptions) =>
      act(options, async (session) =>
        (await import("./commands/prompt.ts")).prompt(session, agent, words, options),
      ),
    );
  command(
    "tokens <thread>",
    "compare what a thread costs in each format",
    "npx twelvefold tokens thr_…",
  ).action((thread: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/tokens.ts")).tokens(session, thread)),
  );
}

/** `twelvefold model`: each kind of server has options, and a page of help, of its own. */
export function addModelServers(program: Command, act: Act): void {
  const servers = program
    .command("model")
    .description(
      "run a model server on this machine until Ctrl-C: offline (built in), record, replay or faults",
    );
  const server = (usage: string, description: string, { example, more }: HelpOfServer): Command =>
    servers
      .command(usage)
      .description(description)
      .option("--json", "print the outcome as JSON")
      .option("--port <port>", "a fixed port instead of a free one", parseCount)
      .addHelpText("after", `\n${more}\n\nExample:\n  ${example}`);
  const run = (which: string, options: Flags & ModelOptions, place?: string) =>
    act(options, async (session) =>
      (await import("./commands/model.ts")).model(session, which, place, options),
    );
  const runAlone = (which: string) => (options: Flags & ModelOptions) => run(which, options);
  const inFolder = (which: string) => (place: string | undefined, options: Flags & ModelOptions) =>
    run(which, options, place);

  server("offline", "answer with the built-in model, as for `baml-cli test` and the playground", {
    example: "npx twelvefold model offline --port 4000",
    more: "Prints the environment variables with which BAML's own tools ask it. Nothing leaves this machine.",
  }).action(runAlone("offline"));
  server("record [folder]", "pass requests on to a model, and write each exchange to files", {
    example: "npx twelvefold model record recordings --upstream https://api.openai.com/v1",
    more: `Requests are passed on and answers streamed back as they come. Each exchange becomes files that people can read and git can
compare, in the folder (default: recordings), or a line of one file if its name ends in .jsonl. Keys are passed on and never
written; secrets in bodies are replaced. OpenAI's, Anthropic's and Google's shapes go through alike.`,
  })
    .option("--upstream <url>", "the model behind it; default: the configured one, or else the built-in one")
    .action(inFolder("record"));
  server("replay [folder]", "answer from a recording; an unrecorded request fails", {
    example: "npx twelvefold model replay recordings",
    more: `Answers from what \`model record\` wrote (default: recordings) and asks nobody, each exchange as often as it was recorded. Any
other request gets 404, and the nearest recorded one is shown with a diff: then it exits with 1.`,
  }).action(inFolder("replay"));
  server("faults", "pass on what another model answers, with seeded faults", {
    example: "npx twelvefold model faults --seed 7 --fault garbage=10 hang=5",
    more: `Broken and misleading texts, cut streams, odd finish reasons, rate limits, hanging and reset connections. A wrong name after
--fault is answered with the list of all.`,
  })
    .option("--upstream <url>", "the model behind it; default: the configured one, or else the built-in one")
    .option("--seed <n>", "the same number gives the same faults in the same order", parseCount, 1)
    .option(
      "--rate <percent>",
      "how many answers have one, all faults equally often (default: 30)",
      parseCount,
    )
    .option("--fault <name=percent...>", "only these, each as often as it says")
    .action(runAlone("faults"));
}

interface HelpOfServer {
  readonly example: string;
  readonly more: string;
}
