import type { Command } from "commander";
import type { Session } from "./session.ts";

/** Makes a command with a usage, a description and an example. */
export type NewCommand = (usage: string, description: string, example: string) => Command;
/** Runs a command with its options. */
export type Act = (
  options: { readonly json?: boolean },
  run: (session: Session) => Promise<number>,
) => Promise<void>;

/** The commands that make and test a project: its BAML client and its tests. */
export function addProjectCommands(command: NewCommand, act: Act): void {
  command("init [folder]", "write a new project: prompts, an agent, tests", "twelvefold init my-agent")
    .option("-y, --yes", "ask nothing; what no option says is as it is usual")
    .option("--own-the-loop", "with a hand-written loop instead of the runtime")
    .option("--no-serve", "without the packages of the HTTP API and the web inbox")
    .option("--force", "overwrite files that are there")
    .action(
      (folder: string | undefined, options: { json?: boolean } & import("./commands/init.ts").InitOptions) =>
        act(options, async (session) => (await import("./commands/init.ts")).init(session, folder, options)),
    );
  command(
    "add [name]",
    "copy an agent, a recipe or a channel into the project, with its test; without a name: list them",
    "twelvefold add webhook",
  )
    .option("--force", "overwrite files that are there")
    .action((name: string | undefined, options: { json?: boolean; force?: boolean }) =>
      act(options, async (session) => (await import("./commands/add.ts")).add(session, name, options)),
    );
  command("generate", "generate the BAML client of baml_src, ready for Node as it is", "twelvefold generate")
    .option("--from <folder>", "the folder of the BAML sources", "baml_src")
    .action((options: { json?: boolean; from: string }) =>
      act(options, async (session) => (await import("./commands/generate.ts")).generate(session, options)),
    );
  command("test", "run the BAML tests of baml_src", 'twelvefold test -i "DetermineNextStep::"')
    .option(
      "-i, --include <filter...>",
      "only these: Function::Test, with * for any text, either side may be empty",
    )
    .option("-x, --exclude <filter...>", "all but these")
    .option(
      "--offline",
      "ask the built-in offline model, whatever TWELVEFOLD_MODEL or TWELVEFOLD_BASE_URL say",
    )
    .action((options: { json?: boolean } & import("./commands/test.ts").TestOptions) =>
      act(options, async (session) => (await import("./commands/test.ts")).test(session, options)),
    );
}
