/*
 * The same work in several toolkits: a model is asked, proposes an addition, the tool runs, its result goes back, N times, then the
 * run ends. Twelvefold writes each step to an SQLite file before it goes on; the others are as their own introductions show them, in
 * memory. The row `fetch` is a `while` over `fetch` that keeps a list of messages.
 *
 *     npm run build && npm --prefix bench/peers install && npm --prefix bench/peers run bench
 *
 * They take turns, each turn a new run; a number is the median of the turns. `clock` is what a step takes, waiting for the model and the
 * disk included; `processor` is what it costs this process, which other programs on the machine disturb less.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { median, startModel } from "./model-process.mjs";

process.env.OPENAI_AGENTS_DISABLE_TRACING = "1";
process.env.MASTRA_TELEMETRY_DISABLED = "1";
process.env.LANGCHAIN_TRACING_V2 = "false";
process.env.BAML_LOG = "off";

const SIZES = [10, 50];
const TURNS = Number(process.env.TURNS ?? 9);

const { baseURL, end } = await startModel();
const folder = mkdtempSync(join(tmpdir(), "twelvefold-peers-"));

const subjects = new Map();
for (const name of ["fetch", "twelvefold", "ai-sdk", "openai-agents", "langgraph", "mastra"]) {
  const { prepare } = await import(`./subjects/${name}.mjs`);
  subjects.set(name, await prepare({ baseURL, folder }));
}

console.log(`| steps | ${[...subjects].map(([, { title }]) => title).join(" | ")} |`);
console.log(`|---|${[...subjects].map(() => "---").join("|")}|`);
for (const steps of SIZES) {
  const times = new Map([...subjects.keys()].map((name) => [name, { clock: [], processor: [] }]));
  for (let turn = -1; turn < TURNS; turn++) {
    for (const [name, { run }] of subjects) {
      const message = `run-${name}-${steps}-${turn} steps-${steps}: please add these up`;
      const began = performance.now();
      const before = process.cpuUsage();
      const calls = await run(message, steps);
      if (calls !== steps) throw new Error(`${name} ran the tool ${calls} times instead of ${steps}`);
      const clock = performance.now() - began;
      const { user, system } = process.cpuUsage(before);
      // The first turn warms up.
      if (turn < 0) continue;
      times.get(name).clock.push(clock / steps);
      times.get(name).processor.push((user + system) / 1000 / steps);
    }
  }
  for (const kind of ["processor", "clock"]) {
    const cells = [...times.values()].map((of) => `${median(of[kind]).toFixed(2)} ms`);
    console.log(`| ${steps}, ${kind} | ${cells.join(" | ")} |`);
  }
}
const load = loadavg().map((one) => one.toFixed(1));
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, ${TURNS} turns; load average ${load.join(", ")}`,
);

for (const { close } of subjects.values()) await close?.();
end();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
