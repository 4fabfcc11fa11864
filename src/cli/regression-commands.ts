import { parseCount } from "./parse-count.ts";
import type { Act, NewCommand } from "./project-commands.ts";

/** Adds the commands that hold stored decisions against the prompts of now: test-from. */
export function addRegressionCommands(command: NewCommand, act: Act): void {
  command(
    "test-from <thread>",
    "append a decision of a thread to the BAML tests of baml_src: what the prompt was sent, and what was decided",
    "twelvefold test-from thr_… --at 7 --name RefundIsAsked",
  )
    .option(
      "--at <seq>",
      "the event of the decision, or the one before it; default: the last decision",
      parseCount,
    )
    .option("--name <name>", "the test's name; default: made of thread and event")
    .option(
      "--assert <field...>",
      "the fields that are asserted beside the intent; default: those with a number, true or false, or one word",
    )
    .option("--to <file>", "the file to which it is appended", "baml_src/thread_tests.baml")
    .option("--print", "only print it")
    .addHelpText(
      "after",
      `
The arguments are exactly those that the prompt got, redacted as the model saw them. A step that a person edited is asked
for as they wrote it; of one that they denied, anything else will do. A test of the same name is never written over.`,
    )
    .action(
      (thread: string, options: { json?: boolean } & import("./commands/test-from.ts").TestFromOptions) =>
        act(options, async (session) =>
          (await import("./commands/test-from.ts")).testFrom(session, thread, options),
        ),
    );
}
