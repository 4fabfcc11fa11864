import { CommanderError } from "commander";
import { closeEverything } from "../base/at-end.ts";
import { TwelvefoldError } from "../base/errors.ts";
import { visible } from "../present/visible-text.ts";
import { readEnvFile, tooLate } from "./env-file.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { createProgram } from "./program.ts";
import { createSession } from "./session.ts";
import { jsonTerminal, processTerminal } from "./terminal.ts";

/** The command line of this process. Sets the exit code; returns once everything is closed. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  // The reader has seen enough, as in `twelvefold list | head`.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  const terminal = processTerminal();
  let asJson = argv.includes("--json");
  const program = createProgram(async (run, json) => {
    asJson = json;
    const { session, close } = createSession({ terminal, env: process.env, folder: process.cwd(), json });
    try {
      process.exitCode = await run(session);
    } finally {
      await close();
      // What the configuration has opened.
      await closeEverything();
    }
  });
  try {
    const late = await readEnvFile(process.cwd(), process.env);
    if (late.length > 0) terminal.err(`twelvefold: ${tooLate(late)}`);
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.exitCode = exitCodeOf(error);
    const known = TwelvefoldError.isInstance(error);
    const message = error instanceof Error ? error.message : String(error);
    const origin = known && error.code === "invalid_configuration" ? error.cause : known ? undefined : error;
    const trace =
      process.env.TWELVEFOLD_DEBUG !== undefined && origin instanceof Error ? origin.stack : undefined;
    if (asJson)
      jsonTerminal(terminal).out(
        JSON.stringify({ error: { code: known ? error.code : "unexpected", message } }),
      );
    else terminal.err(visible(`twelvefold: ${trace ?? message}`));
  }
}
