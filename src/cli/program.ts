import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { visible } from "../present/visible-text.ts";
import type { Act, NewCommand } from "./act.ts";
import { addModelCommands, addModelServers } from "./model-commands.ts";
import { addProjectCommands } from "./project-commands.ts";
import { addRegressionCommands } from "./regression-commands.ts";
import { addRetentionCommands } from "./retention-commands.ts";
import { addKeyCommand, addServeCommands } from "./serve-commands.ts";
import type { Session } from "./session.ts";
import { addAnswerCommands, addSteeringCommands, addThreadCommands } from "./thread-commands.ts";
import { addWorkbenchCommands } from "./workbench-commands.ts";

/** Runs one command; resolves with its exit code. */
export type Action = (run: (session: Session) => Promise<number>, json: boolean) => Promise<void>;

const EXIT_CODES = `
Exit codes: 0 done, or waiting for somebody; 1 the thread or the check failed; 2 wrong arguments or configuration;
3 no such thread, request, agent or store; 4 the thread's state or the policy does not allow it; 5 the store cannot be read
or written; 130 interrupted (nothing is lost).

A thread is named by its id, by the beginning of it (at least three characters after thr_), or by \`last\`, the thread that
changed last. \`erase\` and \`prune\` take whole ids only.

Threads are kept in .twelvefold/threads.db; TWELVEFOLD_STORE names another place. TWELVEFOLD_MODEL=provider/model chooses
the model; otherwise the first provider whose key is in the environment or .env, or else the built-in offline model.`;

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

  const command: NewCommand = (usage, description, example) =>
    program
      .command(usage)
      .description(description)
      .option("--json", "print the outcome as JSON; ask no questions")
      .addHelpText("after", `\nExample:\n  ${example}`);

  const act: Act = (options, run) => action(run, options.json === true);

  addThreadCommands(command, act);
  addAnswerCommands(command, act);
  addSteeringCommands(command, act);
  addRetentionCommands(command, act);
  addModelCommands(command, act);
  addModelServers(program, act);
  addServeCommands(command, act);
  addProjectCommands(command, act);
  addWorkbenchCommands(command, act);
  addRegressionCommands(command, act);
  addKeyCommand(command, act);
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
