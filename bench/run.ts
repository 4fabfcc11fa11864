/*
 * Everything that docs/speed.md speaks of, measured in one run beside the same work written by hand: a plain `while`
 * over the generated BAML client that appends each event to SQLite with `synchronous=FULL`. Run it with `npm run bench`.
 * Progress goes to standard error, a table to standard output; `bench-results/` gets bench.json and bench.svg.
 * `--quick` takes a tenth of the time and is less exact, `--json` prints the numbers instead of the table,
 * `--only TEXT` runs the rows whose name holds the text.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startInstantModel } from "./instant-model.ts";
import type { Compared } from "./measured.ts";
import { progressBar } from "./progress.ts";
import { chart, table } from "./report.ts";
import { ROWS } from "./rows/all.ts";

process.env.BAML_LOG ??= "off";
const { values } = parseArgs({
  options: { quick: { type: "boolean" }, json: { type: "boolean" }, only: { type: "string" } },
});
const quick = values.quick ?? false;
const chosen = ROWS.filter(({ name }) => name.includes(values.only ?? ""));
const folder = mkdtempSync(join(tmpdir(), "twelvefold-bench-"));
const model = await startInstantModel();
const progress = progressBar(chosen.length);
const rows: Compared[] = [];
try {
  for (const { run } of chosen) {
    rows.push(...(await run({ folder, modelUrl: model.url, quick, tick: progress.tick })));
    progress.next();
  }
} finally {
  progress.end();
  model.close();
  rmSync(folder, { recursive: true, force: true });
}
const results = { node: process.version, at: new Date().toISOString(), quick, rows };
const out = join(import.meta.dirname, "..", "bench-results");
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "bench.json"), `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(join(out, "bench.svg"), chart(rows));
process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : table(rows));
