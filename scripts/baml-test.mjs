// Runs the BAML tests against the built-in offline model, and says in one line how they went.
//
//   npm exec -- node scripts/baml-test.mjs [options of `baml-cli test`, e.g. -i "DetermineNextStep::Multiply"]
//
// With TWELVEFOLD_BASE_URL set, that model is asked instead. Exits 0 when every test passed; non-zero when one failed
// or when no test matched. Needs the packages of package.json, nothing else.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const baml = join(dirname(createRequire(import.meta.url).resolve("@boundaryml/baml")), "cli.js");

const ownModel = process.env.TWELVEFOLD_BASE_URL === undefined ? await startModel() : undefined;
const started = Date.now();
const { code, output } = await run(process.execPath, [baml, "test", "--from", "baml_src", ...process.argv.slice(2)], {
  ...process.env,
  BAML_LOG: "off",
  NO_COLOR: "1",
  TWELVEFOLD_BASE_URL: ownModel?.url ?? process.env.TWELVEFOLD_BASE_URL,
  TWELVEFOLD_API_KEY: process.env.TWELVEFOLD_API_KEY ?? "offline",
  TWELVEFOLD_MODEL_NAME: process.env.TWELVEFOLD_MODEL_NAME ?? "twelvefold-offline",
});
await ownModel?.close();
console.log(output, code, Date.now() - started);

async function startModel() {
  const { startOfflineModel } = await tsImport("../src/model/index.ts", import.meta.url);
  return startOfflineModel();
}

function run(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (exit) => resolve({ code: exit ?? 1, output }));
  });
}
