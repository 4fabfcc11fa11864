import type { Act, NewCommand } from "./act.ts";
import { parseCount, parsePositiveCount } from "./parse-count.ts";

/** Adds the commands that hold stored decisions against the prompts of now: test-from, diff, deploy-check, reparse, redecide. */
export function addRegressionCommands(command: NewCommand, act: Act): void {
  command(
    "test-from <thread>",
    "append a decision of a thread to the BAML tests of baml_src: what the prompt was sent, and what was decided",
    "npx twelvefold test-from thr_… --at 7 --name RefundIsAsked",
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
  command(
    "diff",
    "list the stored decisions whose request the current prompts would change; nothing is sent",
    "npx twelvefold diff --last 500 --against main --exit-code",
  )
    .option("--last <n>", "how many decisions, those of the latest threads first", parsePositiveCount, 200)
    .option("--agent <name>", "only those of this agent")
    .option("--against <revision>", "compare with the prompts of a git revision, not with what was sent")
    .option("--exit-code", "exit with 1 if a request would change")
    .addHelpText(
      "after",
      `
Tokens are estimated. What was sent is known by its digest; its text is shown where the prompts of the last commit, or of
--against, make it again. With --against, baml_src is that of the revision, and the code is the current one.`,
    )
    .action((options: { json?: boolean } & import("./commands/diff.ts").DiffCommandOptions) =>
      act(options, async (session) => (await import("./commands/diff.ts")).diff(session, options)),
    );
  command(
    "deploy-check",
    "list what deploying the current code and prompts would change for open threads; nothing is sent",
    "TWELVEFOLD_STORE=production-copy.db npx twelvefold deploy-check --against v1.4.0",
  )
    .option(
      "--against <revision>",
      "the git revision whose prompts are deployed now; default: what was last sent",
    )
    .option("--agent <name>", "only threads of this agent")
    .option("--strict", "exit with 1 if anything would be different")
    .addHelpText(
      "after",
      `
Exits with 1 if a thread could not go on: it would not load, its agent or an open step is gone or does not fit the
current types, or the model could not be asked. An approval that would lapse, and a thread that the agent's onVersionChange refuses, wait
for a person and are safe. A store in a file is opened as a copy; the file stays as it is.`,
    )
    .action((options: { json?: boolean } & import("./commands/deploy-check.ts").DeployCheckCommandOptions) =>
      act(options, async (session) =>
        (await import("./commands/deploy-check.ts")).deployCheckCommand(session, options),
      ),
    );
  command(
    "reparse",
    "read stored answers again with the current types; exit with 1 if one is refused, changes or gets a worse grade",
    "npx twelvefold reparse --last 1000",
  )
    .option("--last <n>", "how many answers, those of the latest threads first", parsePositiveCount, 1000)
    .option("--agent <name>", "only those of this agent")
    .action((options: { json?: boolean } & import("./commands/reparse.ts").ReparseOptions) =>
      act(options, async (session) =>
        (await import("./commands/reparse.ts")).reparseCommand(session, options),
      ),
    );
  command(
    "redecide",
    "ask the model about stored decisions again, and compare intents and arguments; no tool runs",
    "npx twelvefold redecide --client openai/gpt-5-mini --last 200 --ignore message --min-agreement 95",
  )
    .option("--client <provider/model>", "who is asked; default: the configured model")
    .option("--last <n>", "how many decisions, those of the latest threads first", parsePositiveCount, 100)
    .option("--agent <name>", "only those of this agent")
    .option("--ignore <field...>", "fields that may differ, such as texts")
    .option("--min-agreement <percent>", "exit with 1 if fewer agree", parseCount)
    .option("--fresh", "ask again, even where an answer is kept")
    .option("--cache <folder>", "where answers are kept; default .twelvefold/answers")
    .option("--concurrency <n>", "answers asked for at the same time", parsePositiveCount, 4)
    .option(
      "--per-minute <n>",
      "requests a minute at most; default: modelLimits of the configuration",
      parseCount,
    )
    .addHelpText(
      "after",
      `
Answers are kept by request: an interrupted run goes on where it was, and the same run again costs nothing. It exits with 1
if the model could not be asked about a decision.`,
    )
    .action((options: { json?: boolean } & import("./commands/redecide.ts").RedecideOptions) =>
      act(options, async (session) =>
        (await import("./commands/redecide.ts")).redecideCommand(session, options),
      ),
    );
}
