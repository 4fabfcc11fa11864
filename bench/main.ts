/*
 * Everything that docs/speed.md speaks of, measured in one run beside the same work written by hand: a plain `while`
 * over the generated BAML client that appends each event to SQLite with `synchronous=FULL`. Run it with `npm run bench`.
 *
 * Progress goes to standard error, a table to standard output; `bench-results/` gets bench.json and bench.svg.
 * `--quick` takes a fraction of the time and is less exact, `--json` prints the numbers instead of the table,
 * `--only TEXT` runs the rows whose name holds the text, `--million` adds lists among a million paused
 * threads (with `--only postgres`: in PostgreSQL, where it is 100,000 otherwise).
 *
 * Compiles first: what is measured is the JavaScript that the package ships, not a loader.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundlePackage } from "../scripts/bundle.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "bench-results");

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, {
    stdio: "inherit",
    env: { ...process.env, BAML_LOG: "off", BAML_INTERNAL_LOG: "off" },
  });
  if (status !== 0) process.exit(status ?? 1);
}

mkdirSync(out, { recursive: true });
// Inside the project, so that the packages are found.
const build = mkdtempSync(join(out, "build-"));
process.on("exit", () => rmSync(build, { recursive: true, force: true }));
const config = {
  extends: "../../tsconfig.json",
  compilerOptions: { noEmit: false, outDir: ".", rootDir: "../..", noCheck: true },
  include: ["../../src", "../../bench", "../../baml_client"],
};
writeFileSync(join(build, "tsconfig.json"), JSON.stringify(config));
const bin = join(root, "node_modules", ".bin");
run(join(bin, "tsc"), ["-p", build]);
const assets = join("src", "inbox", "assets");
cpSync(join(root, assets), join(build, assets), { recursive: true });

// The programs of start/ with the package as it is installed, and each as one file, as one bundles a program.
const installed = join(build, "installed");
const agent = "src/agents/calculator/agent.js";
for (const used of ["bench/engine.js", "bench/hand-loop.js", "bench/start", "baml_client", agent]) {
  cpSync(join(build, used), join(installed, used), { recursive: true });
}
await bundlePackage(installed);
const starts = ["hand", "twelvefold"].map((name) => join(installed, "bench", "start", `${name}.js`));
const bundle = ["--bundle", "--platform=node", "--format=esm", "--packages=external", "--log-level=warning"];
run(join(bin, "esbuild"), [...starts, ...bundle, `--outdir=${join(build, "bundled")}`]);

run(process.execPath, [join(build, "bench", "run.js"), "--out", out, ...process.argv.slice(2)]);
