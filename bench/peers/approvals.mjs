/*
 * An approval waits while another version is deployed; then it is given. Which code runs?
 *
 *     npm run build && npm --prefix bench/peers install && npm --prefix bench/peers run approvals
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModel } from "./model-process.mjs";

process.env.OPENAI_AGENTS_DISABLE_TRACING = "1";
process.env.MASTRA_TELEMETRY_DISABLED = "1";
process.env.LANGCHAIN_TRACING_V2 = "false";
process.env.BAML_LOG = "off";

const { baseURL, end } = await startModel();
const folder = mkdtempSync(join(tmpdir(), "twelvefold-approvals-"));

/** What runs is written down by the tool itself. */
let ran = [];
const before = {
  name: "add",
  description: "adds two numbers",
  run: ({ a, b }) => note("runs", a + b),
};
const after = { ...before, run: ({ a, b }) => note("runs the new code", (a + b) * 1000) };
const other = { ...after, name: "subtract", description: "subtracts" };
function note(what, result) {
  ran.push(what);
  return result;
}

const DEPLOYS = [
  ["nothing has changed", [before]],
  ["the tool's code has changed", [after]],
  ["the tool is gone", [other]],
];

console.log(`| | ${DEPLOYS.map(([title]) => title).join(" | ")} |`);
console.log(`|---|${DEPLOYS.map(() => "---").join("|")}|`);
for (const name of ["twelvefold", "ai-sdk", "langgraph", "mastra", "openai-agents"]) {
  const { prepare } = await import(`./approvals/${name}.mjs`);
  const { title, ask, approve } = await prepare({ baseURL, folder });
  const cells = [];
  for (const [index, [, tools]] of DEPLOYS.entries()) {
    ran = [];
    const kept = await ask(`run-${name}-${index} steps-1: please add these up`, [before]);
    if (ran.length > 0) throw new Error(`${name} ran the tool before anybody approved it`);
    const said = await approve(kept, tools).catch((error) => `an error: ${error.message.split("\n")[0]}`);
    cells.push([...ran, said].filter(Boolean).join(", ") || "does not run; the model is told and goes on");
  }
  console.log(`| ${title} | ${cells.join(" | ")} |`);
}
end();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
