// Runs the BAML tests of `baml_src` and says in one line how they went.
//
//   node scripts/baml-test.mjs [--offline] [options of `baml-cli test`, such as -i "DetermineNextStep::Multiply"]
//
// Who is asked: the model of TWELVEFOLD_MODEL, or the server of TWELVEFOLD_BASE_URL, in the environment or `.env`;
// without either, or with --offline, the built-in offline model. A provider's key alone chooses nothing here.
// Exits 0 when every test passed, and with the exit code of `baml-cli test` otherwise: 2 when one failed, 5 when no test
// matched.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bamlCli = join(dirname(createRequire(import.meta.url).resolve("@boundaryml/baml")), "cli.js");

const args = process.argv.slice(2).filter((arg) => arg !== "--offline");
let model;
try {
  model = process.argv.includes("--offline") ? await startOffline() : await chosenModel();
  const { code, output } = await runTests();
  report(code, output);
  process.exitCode = code;
} catch (error) {
  console.error(`BAML tests: ${error.message}`);
  process.exitCode = 2;
} finally {
  await model?.close?.();
}

async function startOffline() {
  const { startOfflineModel } = await source("model/index.ts");
  const server = await startOfflineModel();
  return { what: "built-in offline model", url: server.url, close: () => server.close() };
}

async function chosenModel() {
  const { readEnvFile, tooLate } = await source("cli/env-file.ts");
  const late = await readEnvFile(root, process.env);
  if (late.length > 0) console.error(tooLate(late));
  const { TWELVEFOLD_MODEL, TWELVEFOLD_BASE_URL, TWELVEFOLD_API_KEY, TWELVEFOLD_MODEL_NAME } = process.env;
  if (TWELVEFOLD_MODEL) return namedModel();
  if (!TWELVEFOLD_BASE_URL) return startOffline();
  const url = TWELVEFOLD_BASE_URL;
  return { what: url, url, key: TWELVEFOLD_API_KEY, name: TWELVEFOLD_MODEL_NAME };
}

// The client that the `.baml` files name speaks OpenAI's chat format.
async function namedModel() {
  const { selectModel } = await source("prompts/models/select-model.ts");
  const selection = selectModel(process.env);
  if (selection.kind === "offline") return startOffline();
  const [{ name, provider, options }] = selection.choice.clients;
  const servers = {
    openai: "https://api.openai.com/v1",
    openrouter: "https://openrouter.ai/api/v1",
    ollama: "",
    "openai-generic": "",
  };
  if (!Object.hasOwn(servers, provider)) {
    throw new Error(
      `their client speaks OpenAI's chat format, which ${name} does not: take one of openai, openrouter, ollama, openai-generic`,
    );
  }
  return {
    what: name,
    url: options.base_url ?? servers[provider],
    key: options.api_key,
    name: options.model,
  };
}

function source(path) {
  return tsImport(`../src/${path}`, import.meta.url);
}

/** `baml-cli test` in a process of its own, so that its exit code and its output can be read. */
function runTests() {
  const child = spawn(process.execPath, [bamlCli, "test", "--from", "baml_src", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      BAML_LOG: "off",
      TWELVEFOLD_BASE_URL: model.url,
      TWELVEFOLD_API_KEY: model.key ?? "none",
      TWELVEFOLD_MODEL_NAME: model.name ?? "twelvefold-offline",
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
  if (code === 0 && passed !== undefined) {
    console.log(`BAML tests: ${passed} passed (${model.what})`);
    return;
  }
  console.log(output.trim());
  if (code !== 0) console.log(`BAML tests: failed with exit code ${code} (${model.what})`);
}
