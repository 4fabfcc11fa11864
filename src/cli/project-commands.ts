import type { Command } from "commander";
import { parseCount } from "./parse-count.ts";
import type { Session } from "./session.ts";

/** Makes a command from its usage, a description and an example. */
export type NewCommand = (usage: string, description: string, example: string) => Command;
/** Runs a command with its options. */
export type Act = (
  options: { readonly json?: boolean },
  run: (session: Session) => Promise<number>,
) => Promise<void>;

/** Adds the commands that create and test a project: init, add, generate, test. */
export function addProjectCommands(command: NewCommand, act: Act): void {
  command("init [folder]", "write a new project: prompts, an agent, tests", "twelvefold init my-agent")
    .option("-y, --yes", "ask no questions; use defaults for what no option says")
    .option("--own-the-loop", "write a loop of your own instead of using the runtime")
    .option("--from <folder>", "go on with an agent written after the 12-factor workshop: its baml_src stays")
    .option("--package <file>", "install twelvefold from this archive of `npm pack` instead of the registry")
    .option("--no-serve", "leave out the packages for the HTTP API and the web inbox")
    .option("--force", "overwrite existing files")
    .action(
      (folder: string | undefined, options: { json?: boolean } & import("./commands/init.ts").InitOptions) =>
        act(options, async (session) => (await import("./commands/init.ts")).init(session, folder, options)),
    );
  command(
    "add [name]",
    "copy an agent, a recipe or a channel, with its test, into the project; without a name, list them",
    "twelvefold add webhook",
  )
    .option("--force", "overwrite existing files")
    .action((name: string | undefined, options: { json?: boolean; force?: boolean }) =>
      act(options, async (session) => (await import("./commands/add.ts")).add(session, name, options)),
    );
  command(
    "generate",
    "generate the BAML client from baml_src, in a form that Node runs directly",
    "twelvefold generate",
  )
    .option("--from <folder>", "the folder of the BAML sources", "baml_src")
    .action((options: { json?: boolean; from: string }) =>
      act(options, async (session) => (await import("./commands/generate.ts")).generate(session, options)),
    );
  command(
    "test",
    "run the BAML tests of baml_src and the datasets of evals/",
    'twelvefold test -i "DetermineNextStep::"',
  )
    .option(
      "-i, --include <filter...>",
      "run only these: Function::Test, where * matches any text and either side may be empty",
    )
    .option("-x, --exclude <filter...>", "run all but these")
    .option(
      "--offline",
      "use the built-in offline model, whatever TWELVEFOLD_MODEL and TWELVEFOLD_BASE_URL say",
    )
    .option("--recording <file>", "answer from a recording: nobody is asked")
    .option("--report <file...>", "write reports: .xml (JUnit), .html (a page), .md (Markdown), .json")
    .action((options: { json?: boolean } & import("./commands/test.ts").TestOptions) =>
      act(options, async (session) => (await import("./commands/test.ts")).test(session, options)),
    );
  command(
    "eval [dataset...]",
    "ask the model about the cases of evals/, and compare with the baseline; no tool runs",
    "twelvefold eval calculator --client openai/gpt-5-mini --client ollama/qwen3 --report report.html",
  )
    .option("--client <provider/model...>", "who is asked, side by side; default: the configured model")
    .option(
      "--prompts <revision...>",
      "the prompts of git revisions, side by side; `now`: those that are there",
    )
    .option("--samples <n>", "answers to each case", parseCount, 1)
    .option("--case <text...>", "only cases with this text in their name")
    .option("--agent <name>", "the agent of cases that name none; default: the only one there is")
    .option("--report <file...>", "write reports: .html (a page), .md (Markdown), .xml (JUnit), .json")
    .option("--baseline <file>", "what to compare with; default evals/baseline.json")
    .option("--update-baseline", "take this run as the baseline, to be committed")
    .option("--fresh", "ask anew, also what has been answered before")
    .option("--cache <folder>", "where answers are kept; default .twelvefold/answers")
    .option("--concurrency <n>", "answers asked for at the same time", parseCount, 4)
    .option("--offline", "ask the built-in offline model, whatever the environment names")
    .action(
      (names: string[], options: { json?: boolean } & import("./commands/eval.ts").EvalCommandOptions) =>
        act(options, async (session) =>
          (await import("./commands/eval.ts")).evalCommand(session, names, options),
        ),
    );
}
