// Runs the BAML tests of `baml_src` against the built-in offline model and says in one line how they went.
//
//   node scripts/baml-test.mjs [options of `baml-cli test`, such as -i "DetermineNextStep::Multiply"]
//
// With TWELVEFOLD_BASE_URL set, that model is asked instead. Exits 0 when every test passed, and with the exit code of
// `baml-cli test` otherwise: 2 when one failed, 5 when no test matched.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bamlCli = join(dirname(createRequire(import.meta.url).resolve("@boundaryml/baml")), "cli.js");

const configured = process.env.TWELVEFOLD_BASE_URL;
const offline = configured === undefined ? await startOffline() : undefined;
try {
  const { code, output } = await runTests(offline?.url ?? configured);
  report(code, output);
  process.exitCode = code;
} finally {
  await offline?.close();
}

async function startOffline() {
  const { startOfflineModel } = await tsImport("../src/model/index.ts", import.meta.url);
  return startOfflineModel();
}

/** `baml-cli test` in a process of its own, so that its exit code and its output can be read. */
function runTests(baseUrl) {
  const child = spawn(process.execPath, [bamlCli, "test", "--from", "baml_src", ...process.argv.slice(2)], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      BAML_LOG: "off",
      TWELVEFOLD_BASE_URL: baseUrl,
      TWELVEFOLD_API_KEY: process.env.TWELVEFOLD_API_KEY ?? "offline",
      TWELVEFOLD_MODEL_NAME: process.env.TWELVEFOLD_MODEL_NAME ?? "twelvefold-offline",
    },
  });
  const parts = [];
  child.stdout.on("data", (part) => parts.push(part));
  child.stderr.on("data", (part) => parts.push(part));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(parts).toString("utf8") }));
  });
}

/** One line where all passed; everything that `baml-cli` wrote otherwise. */
function report(code, output) {
  const passed = /Test run completed, (\d+) tests? \(/.exec(output)?.[1];
  const model = offline === undefined ? configured : "built-in offline model";
  if (code === 0 && passed !== undefined) {
    console.log(`BAML tests: ${passed} passed (${model})`);
    return;
  }
  console.log(output.trim());
  if (code !== 0) console.log(`BAML tests: failed with exit code ${code} (${model})`);
}
