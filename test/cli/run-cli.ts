import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A store of its own, and the command line on it as a process of its own, without any provider's key. */
export function cli(store = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db")) {
  const kept = Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_|^AWS_/.test(name));
  return (args: readonly string[], extra: Record<string, string> = {}): Promise<CliResult> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, "bin/twelvefold.mjs"), ...args], {
        cwd: root,
        env: { ...Object.fromEntries(kept), TWELVEFOLD_STORE: store, ...extra },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (data) => {
        stdout += data;
      });
      child.stderr.on("data", (data) => {
        stderr += data;
      });
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    });
}
