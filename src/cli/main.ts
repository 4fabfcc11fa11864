import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { CommanderError } from "commander";
import { TwelvefoldError } from "../base/errors.ts";
import { visible } from "../present/visible-text.ts";
import { EXIT, exitCodeOf } from "./exit.ts";
import { explainMissingPackage } from "./missing-package.ts";
import { createProgram } from "./program.ts";
import { createSession } from "./session.ts";
import { processTerminal } from "./terminal.ts";

/** The command line of this process. Sets the exit code; returns when everything is closed. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  const env = resolve(".env");
  if (existsSync(env)) process.loadEnvFile(env);
  // Whoever reads has seen enough, as in `twelvefold list | head`.
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
    }
  });
  try {
    await program.parseAsync([...argv]);
  } catch (thrown) {
    const error = explainMissingPackage(thrown);
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.exitCode = exitCodeOf(error);
    const known = TwelvefoldError.isInstance(error);
    const message = error instanceof Error ? error.message : String(error);
    const wanted = !known && process.env.TWELVEFOLD_DEBUG !== undefined && error instanceof Error;
    if (asJson) terminal.out(JSON.stringify({ error: { code: known ? error.code : "unexpected", message } }));
    else terminal.err(visible(`twelvefold: ${wanted ? error.stack : message}`));
  }
}
