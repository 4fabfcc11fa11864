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
