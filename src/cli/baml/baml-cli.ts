import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../../base/errors.ts";

/** How a run of BAML's own command ended, and its output, standard error last. */
export interface BamlRun {
  readonly code: number;
  readonly output: string;
}

/** Runs BAML's command in a folder. Uses the project's own BAML if it has one, else this package's. */
export function runBamlCli(
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<BamlRun> {
  const quiet = { BAML_LOG: "error", BAML_INTERNAL_LOG: "off", RUST_BACKTRACE: "0", RUST_LIB_BACKTRACE: "0" };
  const child = spawn(process.execPath, [bamlCliOf(folder), ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment, ...quiet },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => out.push(part));
  child.stderr.on("data", (part: Buffer) => err.push(part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 1, output: Buffer.concat([...out, ...err]).toString("utf8") });
    });
  });
}

function bamlCliOf(folder: string): string {
  for (const from of [pathToFileURL(join(folder, "package.json")).href, import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve("@boundaryml/baml")), "cli.js");
    } catch {
      // Not installed there.
    }
  }
  throw new UsageError("invalid_configuration", "@boundaryml/baml is not installed: npm install");
}

/** BAML's complaint about sources that it cannot compile, without times, nested causes and stack traces. */
export function bamlComplaint(output: string): string {
  const text = output
    .replace(/^Stack backtrace:[\s\S]*?(?=^\S(?!.*backtrace)|$(?![\s\S]))/gm, "")
    .replace(/^\S+ \[BAML \w+\] /gm, "")
    .replace(/^.*Failed to build BAML runtime\s*$/gm, "")
    .replace(/^Caused by:\s*$/gm, "")
    .replace(/^ {4}/gm, "")
    .trim();
  const errors = /^(?:error|warning): [\s\S]*/m.exec(text)?.[0] ?? text;
  return errors.replaceAll(/^(\s*)(?:error|warning): (?:Error validating: )?/gm, "$1");
}
