// Imports go down the layers only. Cycles are found by the linter (noImportCycles).
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../src", import.meta.url));

const parts = ["base", "thread", "prompts", "context", "humans", "steps", "agent"];
const running = [...parts, "loop", "store", "runtime"];

/** folder → the folders it may import from, besides itself. `docs/architecture.md` shows the same table. */
const LAYERS = {
  base: [],
  thread: ["base"],
  prompts: ["base"],
  context: ["base", "thread"],
  humans: ["base", "thread"],
  steps: ["base", "thread", "prompts", "humans"],
  agent: parts,
  loop: parts,
  present: ["base", "thread", "humans"],
  model: ["base"],
  store: ["base", "thread"],
  runtime: running,
  replay: running,
  telemetry: running,
  triggers: running,
  channels: [...running, "present"],
  protocols: [...running, "present"],
  client: ["base", "thread"],
};
LAYERS.workbench = [...running, "present", "model", "replay"];
LAYERS.server = [
  ...running,
  "present",
  "replay",
  "telemetry",
  "model",
  "client",
  "triggers",
  "channels",
  "protocols",
];
LAYERS.inbox = [...LAYERS.server, "server", "workbench"];
LAYERS.testing = [...running, "model"];
LAYERS.agents = ["index.ts", "prompts"];
LAYERS.cli = [...LAYERS.inbox, "inbox", "workbench", "agents", "config.ts"];

const files = readdirSync(src, { recursive: true })
  .map(String)
  .filter((name) => /\.tsx?$/.test(name));
const breaches = [];
for (const name of files) {
  const [folder, ...rest] = name.split(sep);
  if (rest.length === 0) continue; // src/*.ts: the public entry points
  const allowed = LAYERS[folder];
  if (allowed === undefined) {
    breaches.push(`src/${name}: the folder ${folder} is in no layer (scripts/check-layers.mjs)`);
    continue;
  }
  const text = readFileSync(join(src, name), "utf8");
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const path = relative(src, resolve(src, name, "..", target));
    const into = path.startsWith("..") ? undefined : path.split(sep)[0];
    if (into !== undefined && into !== folder && !allowed.includes(into))
      breaches.push(`src/${name} may not import ${target}`);
    if (path.includes("baml_client") && folder !== "agents")
      breaches.push(`src/${name}: only agents import the generated client`);
  }
}
for (const breach of breaches) console.error(breach);
process.exit(breaches.length === 0 ? 0 : 1);
