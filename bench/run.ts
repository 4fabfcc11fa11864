/* The measuring itself, started by main.ts once everything is compiled. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startInstantModel } from "./instant-model.ts";
import type { Compared } from "./measured.ts";
import { progressBar } from "./progress.ts";
import { chart, table } from "./report.ts";
import { ROWS } from "./rows/all.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    json: { type: "boolean" },
    million: { type: "boolean" },
    only: { type: "string" },
    out: { type: "string" },
  },
});
const quick = values.quick ?? false;
const { only, million = false } = values;
/** Rows that take minutes, or measure another program. */
const ON_DEMAND: ReadonlySet<string> = new Set(["million", "postgres"]);
const chosen = ROWS.filter(({ name }) =>
  only === undefined ? (million && name === "million") || !ON_DEMAND.has(name) : name.includes(only),
);
const build = join(import.meta.dirname, "..");
const starts = { installed: join(build, "installed", "bench", "start"), bundled: join(build, "bundled") };
const folder = mkdtempSync(join(tmpdir(), "twelvefold-bench-"));
const model = await startInstantModel();
const progress = progressBar(chosen.length);
const rows: Compared[] = [];
try {
  for (const { run } of chosen) {
    rows.push(...(await run({ folder, starts, modelUrl: model.url, quick, million, tick: progress.tick })));
    progress.next();
  }
} finally {
  progress.end();
  model.close();
  rmSync(folder, { recursive: true, force: true });
}
const results = { node: process.version, at: new Date().toISOString(), quick, rows };
const out = values.out ?? "bench-results";
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "bench.json"), `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(join(out, "bench.svg"), chart(rows));
process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : table(rows));
