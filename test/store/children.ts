import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const folder = join(import.meta.dirname, "children");

/** Another process that runs a script of `children/`. */
export interface Child {
  readonly process: ChildProcess;
  /** What it prints, line by line. */
  readonly lines: AsyncIterableIterator<string>;
  /** Its standard error and exit code or signal, when it has ended. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly errors: string;
  }>;
}

export function startChild(script: string, ...args: readonly string[]): Child {
  return start(process.execPath, [...nodeOptions, join(folder, script), ...args]);
}

/** A child whose files cannot grow beyond `kilobytes`: writing more fails as on a full disk. */
export function startLimitedChild(kilobytes: number, script: string, ...args: readonly string[]): Child {
  const command = ["-c", `ulimit -f ${kilobytes}; exec "$0" "$@"`, process.execPath, ...nodeOptions];
  return start("bash", [...command, join(folder, script), ...args]);
}

/** Runs a script to its end and gives what it printed, as JSON values. Throws when it failed. */
export async function runChild(script: string, ...args: readonly string[]): Promise<readonly unknown[]> {
  const child = startChild(script, ...args);
  const printed: unknown[] = [];
  for await (const line of child.lines) printed.push(JSON.parse(line));
  const { code, errors } = await child.ended;
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${errors}`);
  return printed;
}

const nodeOptions = ["--experimental-strip-types", "--no-warnings"];

function start(command: string, args: readonly string[]): Child {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return {
    process: child,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    ended: once(child, "close").then(([code, signal]) => ({ code, signal, errors })),
  };
}
