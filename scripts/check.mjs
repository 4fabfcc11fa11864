// Everything that must hold, in one command: `npm test`. With arguments: only the tests they name.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const report = join(root, "node_modules", ".twelvefold-tests.json");
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  BAML_LOG: "off",
  SCARF_ANALYTICS: "false",
};

// Into a file, colours are noise.
const colors = process.stdout.isTTY ? [] : ["--colors=off"];
const steps = [
  ["types", "tsc", ["-p", "."]],
  [
    "format and lint",
    "biome",
    ["ci", "--error-on-warnings", ...colors, "."],
    "npm run format mends the format",
  ],
  ["types of templates", "tsc", ["-p", "templates"]],
  ["import layers", "node", ["scripts/check-layers.mjs"]],
  ["shape of the code", "node", ["scripts/code-shape.mjs", "--check"]],
  ["BAML sources, versions, generated client", "node", ["scripts/check-baml.mjs"]],
  ["BAML tests", "node", ["bin/twelvefold.mjs", "test", "--offline"]],
  ["capabilities named by tests", "node", ["scripts/requirements.mjs", "--check"]],
];
const tests = ["tests", "vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile=${report}`]];

/** How often it is said what still goes on, in ms. */
const SIGN_OF_LIFE = 10_000;
const going = new Map();
const alive = setInterval(() => {
  const names = [...going].map(([name, began]) => `${name} (${Math.round((Date.now() - began) / 1000)} s)`);
  if (names.length > 0) console.log(`… ${names.join(", ")}`);
}, SIGN_OF_LIFE);

function run([name, command, args, hint], inherit) {
  const started = Date.now();
  // What prints for itself needs no sign of life.
  if (!inherit) going.set(name, started);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: inherit ? "inherit" : "pipe",
      shell: process.platform === "win32",
    });
    let output = "";
    child.stdout?.on("data", (data) => {
      output += data;
    });
    child.stderr?.on("data", (data) => {
      output += data;
    });
    child.on("error", (error) => {
      output += error.message;
    });
    child.on("close", (code) => {
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? "✓" : "✗"} ${name} (${seconds} s)`);
      if (code !== 0 && output !== "") console.log(output);
      if (code !== 0 && hint !== undefined) console.log(hint);
      going.delete(name);
      resolve(code ?? 1);
    });
  });
}

function summary() {
  if (!existsSync(report)) return;
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, "utf8"));
  console.log(`Tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
}

rmSync(report, { force: true });
const named = process.argv.slice(2);
// First: the types of the tests are made from them.
const clients = await run(["test clients", "node", ["scripts/generate-test-clients.mjs"]], false);
let failed = clients === 0 ? 0 : 1;
if (named.length === 0) {
  const left = [...steps];
  const lane = async () => {
    for (let step = left.shift(); step !== undefined; step = left.shift())
      if ((await run(step, false)) !== 0) failed += 1;
  };
  // None changes what another reads.
  await Promise.all([lane(), lane()]);
}
const [name, command, args] = tests;
if ((await run([name, command, [...args, ...named]], true)) !== 0) failed += 1;
clearInterval(alive);
summary();
process.exit(failed === 0 ? 0 : 1);
