/*
 * The SQLite store beside the same INSERT written by hand, in one process, taking turns: `npx node bench/store.bench.ts`.
 * `--threads 1000000` adds lists and due threads among so many. `--json FILE` writes the numbers.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomThreadId } from "../src/base/ids.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import { handWritten } from "./hand-written.ts";
import type { Measured } from "./measured.ts";
import { benchManyThreads } from "./store-many.ts";
import { sampleEvent, sampleThread, working } from "./store-sample.ts";

const { values } = parseArgs({
  options: { appends: { type: "string" }, threads: { type: "string" }, json: { type: "string" } },
});
const folder = mkdtempSync(join(tmpdir(), "twelvefold-bench-"));
try {
  const measured = [
    ...(await singleAppends(Number(values.appends ?? 3000))),
    ...(await manyThreads(64, 10)),
    ...(await storedBytes(300)),
    ...(values.threads === undefined ? [] : await benchManyThreads(folder, Number(values.threads))),
  ];
  console.table(
    measured.map(({ what, value, unit, budget }) => ({
      what,
      measured: `${value.toPrecision(4)} ${unit}`,
      budget: budget ?? "",
    })),
  );
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One durable append at a time, alternating with the hand-written one, so that both meet the same disk. */
async function singleAppends(count: number): Promise<readonly Measured[]> {
  const store = await openSqliteStore(join(folder, "single.db"));
  const hand = handWritten(join(folder, "single-hand.db"));
  const id = randomThreadId();
  const times = { hand: [] as number[], store: [] as number[] };
  const runs = {
    hand: async (seq: number) => hand.append(id, sampleEvent(seq)),
    store: (seq: number) => store.append(id, seq - 1, [sampleEvent(seq)], working()),
  };
  for (let seq = 1; seq <= count; seq++) {
    for (const which of seq % 2 === 0 ? (["hand", "store"] as const) : (["store", "hand"] as const)) {
      const start = performance.now();
      await runs[which](seq);
      times[which].push(performance.now() - start);
    }
  }
  await store.close();
  hand.close();
  const [handTime, storeTime] = [typical(times.hand), typical(times.store)];
  return [
    { what: "one append by hand", value: handTime * 1000, unit: "us" },
    { what: "one append through the store", value: storeTime * 1000, unit: "us" },
    { what: "ratio", value: storeTime / handTime, unit: "x", budget: "<= 1.15" },
  ];
}

async function manyThreads(threads: number, steps: number): Promise<readonly Measured[]> {
  const store = await openSqliteStore(join(folder, "many.db"));
  const hand = handWritten(join(folder, "many-hand.db"));
  const rates = { hand: [] as number[], store: [] as number[] };
  for (let round = 0; round < 5; round++) {
    const ids = Array.from({ length: threads }, () => randomThreadId());
    let start = performance.now();
    await Promise.all(
      ids.map(async (id) => {
        for (let seq = 1; seq <= steps; seq++) hand.append(id, sampleEvent(seq));
      }),
    );
    rates.hand.push((threads * steps * 1000) / (performance.now() - start));
    start = performance.now();
    await Promise.all(
      ids.map(async (id) => {
        for (let seq = 1; seq <= steps; seq++) await store.append(id, seq - 1, [sampleEvent(seq)], working());
      }),
    );
    rates.store.push((threads * steps * 1000) / (performance.now() - start));
  }
  await store.close();
  hand.close();
  const [byHand, grouped] = [typical(rates.hand), typical(rates.store)];
  return [
    { what: `${threads} threads at once, by hand`, value: byHand, unit: "appends/s" },
    { what: `${threads} threads at once, through the store`, value: grouped, unit: "appends/s" },
    { what: "ratio", value: grouped / byHand, unit: "x", budget: ">= 1.0" },
  ];
}

async function storedBytes(steps: number): Promise<readonly Measured[]> {
  const path = join(folder, "bytes.db");
  const { id, events } = sampleThread(steps);
  const store = await openSqliteStore(path);
  for (const event of events) await store.append(id, event.seq - 1, [event], working());
  await store.close();
  const json = Buffer.byteLength(JSON.stringify(events));
  const { size } = statSync(path);
  return [
    { what: `JSON of a thread of ${steps} steps (${events.length} events)`, value: json, unit: "bytes" },
    { what: "its database file", value: size, unit: "bytes" },
    { what: "ratio", value: size / json, unit: "x", budget: "<= 2" },
  ];
}

/** The mean without the slowest tenth: what the disk does for others is not ours. */
function typical(times: readonly number[]): number {
  const kept = times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * 0.9));
  return kept.reduce((sum, time) => sum + time, 0) / kept.length;
}
