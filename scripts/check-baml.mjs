// BAML's sources are valid, its version is the same everywhere, and the generated client is that of the sources.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientStates } from "../src/cli/baml/client-state.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (...parts) => readFileSync(join(root, ...parts), "utf8");
const problems = [];

const { dependencies } = JSON.parse(read("package.json"));
const wanted = dependencies["@boundaryml/baml"];
if (!/^\d+\.\d+\.\d+$/.test(wanted))
  problems.push(`package.json: @boundaryml/baml must be pinned exactly, not ${wanted}`);
const generator = /version\s+"([^"]+)"/.exec(read("baml_src", "generators.baml"))?.[1];
if (generator !== wanted) problems.push(`generators.baml says version ${generator}, package.json ${wanted}`);
const installed = JSON.parse(read("node_modules", "@boundaryml", "baml", "package.json")).version;
if (installed !== wanted)
  problems.push(`version ${installed} of @boundaryml/baml is installed, package.json says ${wanted}`);

const check = spawnSync(join(root, "node_modules", ".bin", "baml-cli"), ["check"], {
  cwd: root,
  encoding: "utf8",
  shell: process.platform === "win32",
});
if (check.status !== 0) problems.push(`baml-cli check: ${check.stdout}${check.stderr}`);

for (const { problem } of clientStates(join(root, "baml_src"))) {
  if (problem !== undefined)
    problems.push(`baml_client is ${problem}, not that of the present baml_src: run node scripts/setup.mjs`);
}

for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
