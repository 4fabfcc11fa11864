import type { Act, NewCommand } from "./act.ts";

/** Adds the commands that create and test a project: init, add, generate, test. */
export function addProjectCommands(command: NewCommand, act: Act): void {
  command("init [folder]", "write a new project: prompts, an agent, tests", "npx twelvefold init my-agent")
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
    "npx twelvefold add webhook",
  )
    .option("--force", "overwrite existing files")
    .action((name: string | undefined, options: { json?: boolean; force?: boolean }) =>
      act(options, async (session) => (await import("./commands/add.ts")).add(session, name, options)),
    );
  command(
    "generate",
    "generate the BAML client from baml_src, in a form that Node runs directly",
    "npx twelvefold generate",
  )
    .option("--from <folder>", "the folder of the BAML sources", "baml_src")
    .option("--if-stale", "only if it is missing or stale; with NODE_ENV=production a stale one is refused")
    .action((options: { json?: boolean; from: string; ifStale?: boolean }) =>
      act(options, async (session) => (await import("./commands/generate.ts")).generate(session, options)),
    );
  command(
    "test",
    "run the BAML tests of baml_src and the datasets of evals/",
    'npx twelvefold test -i "DetermineNextStep::"',
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
    .option("--recording <place>", "answer from a recording (see `model record`): nobody is asked")
    .option("--report <file...>", "write reports: .xml (JUnit), .html (a page), .md (Markdown), .json")
    .action((options: { json?: boolean } & import("./commands/test.ts").TestOptions) =>
      act(options, async (session) => (await import("./commands/test.ts")).test(session, options)),
    );
}
