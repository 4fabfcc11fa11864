import pg from "pg";
import { openPgBossEngine } from "../../src/runtime/engines/pg-boss.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { createThread, messages, project } from "../../src/testing/store-contract/samples.ts";
import { startPostgres } from "../../test/store/postgres-server.ts";
import { type Compared, median, sideBySide } from "../measured.ts";
import { startFleet, startFleetByHand } from "../postgres/fleet.ts";
import { HAND_TABLES } from "../postgres/hand.ts";
import { multiply } from "../postgres/many.ts";
import { fillWithPaused, measureLists } from "../store-many.ts";
import type { BenchContext, BenchRow } from "./bench-row.ts";

const STEPS = 10;

/** PostgreSQL with pg-boss, on this machine, beside a loop written by hand over `pg`: two commits a step. */
export const postgres: BenchRow = async (context) => {
  const server = await startPostgres({
    fsync: "on",
    full_page_writes: "on",
    max_connections: "200",
    shared_buffers: "256MB",
  });
  try {
    return [
      ...(await throughput(server.address, context)),
      ...(await latency(server.address, context)),
      ...(await costOfWake(server.address, context)),
      ...(await manyWaiting(server.address, context)),
    ];
  } finally {
    await server.remove();
  }
};

/** Threads of ten steps, launched by one process and advanced by others: beside the same by hand, turn by turn. */
async function throughput(address: string, { quick, tick }: BenchContext): Promise<readonly Compared[]> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  await client.query(HAND_TABLES);
  await client.end();
  const threads = quick ? 100 : 400;
  const rows: Compared[] = [];
  for (const count of [1, 2, 4]) {
    const ours = await startFleet(address, `bench_${count}`, count);
    const hand = await startFleetByHand(address, count);
    const taken = await sideBySide(
      quick ? 3 : 7,
      () => ours.run(threads, STEPS),
      () => hand.run(threads, STEPS),
      () => tick(`${count} workers`),
    );
    await Promise.all([ours.end(), hand.end()]);
    const rate = (ms: number) => (threads * STEPS * 1000) / ms;
    rows.push({
      what: `PostgreSQL, ${count} worker process${count === 1 ? "" : "es"}: durable steps`,
      ours: rate(taken.ours),
      hand: rate(taken.hand),
      ratio: 1 / taken.ratio,
      unit: "steps/s",
      budget: { atLeast: 0.8 },
    });
  }
  return rows;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** From the commit of a launch in one process to the first step that another process has proposed. */
async function latency(address: string, { quick, tick }: BenchContext): Promise<readonly Compared[]> {
  tick("wake to advance");
  const { store, launch, untilFinished, end } = await startFleet(address, "bench_latency", 1);
  const waits: number[] = [];
  for (let index = 0; index < (quick ? 50 : 200) + 10; index++) {
    const id = await launch(1);
    const committed = Date.now();
    await untilFinished();
    const proposed = (await store.read(id)).find(({ type }) => type === "step_proposed");
    if (index >= 10 && proposed !== undefined) waits.push(Date.parse(proposed.at) - committed);
  }
  await end();
  return [
    {
      what: "pg-boss: wake to advance, p50",
      ours: percentile(waits, 0.5),
      hand: null,
      unit: "ms",
      budget: { atMost: 20 },
    },
    {
      what: "pg-boss: wake to advance, p99",
      ours: percentile(waits, 0.99),
      hand: null,
      unit: "ms",
      budget: { atMost: 100 },
    },
  ];
}

/** A change with its wake in the same transaction, beside the change alone. */
async function costOfWake(address: string, { quick, tick }: BenchContext): Promise<readonly Compared[]> {
  tick("the wake in the transaction");
  const store = await openPostgresStore(address, { schema: "bench_cost" });
  const engine = await openPgBossEngine(store);
  const id = await createThread(store);
  const { enqueue } = engine;
  const taken = { with: [] as number[], without: [] as number[] };
  let seq = 1;
  for (let round = 0; round < (quick ? 100 : 400); round++) {
    for (const kind of ["with", "without"] as const) {
      const alongside: Parameters<ThreadStore["append"]>[3]["alongside"] =
        kind === "with" && enqueue !== undefined ? (run) => enqueue(id, run) : undefined;
      const began = performance.now();
      await store.append(id, seq, messages(seq, "one"), { projection: project(), alongside });
      taken[kind].push(performance.now() - began);
      seq += 1;
    }
  }
  await engine.stop();
  await store.close();
  const [ours, hand] = [median(taken.with), median(taken.without)];
  return [{ what: "a change with its wake, beside the change alone", ours, hand, unit: "ms" }];
}

/** Lists, searches and due threads among many that wait. */
async function manyWaiting(
  address: string,
  { quick, million, tick }: BenchContext,
): Promise<readonly Compared[]> {
  const count = million ? 1_000_000 : quick ? 20_000 : 100_000;
  const written = Math.min(count, 10_000);
  const schema = "bench_many";
  const store = await openPostgresStore(address, { schema });
  await fillWithPaused(store, written, tick);
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  await client.query(`SET search_path = ${schema}`);
  tick(`${count} waiting threads`);
  await multiply(client, count / written);
  const measured = await measureLists(store, count, tick);
  /** What any question costs on this machine at this moment. */
  const bare: number[] = [];
  for (let round = 0; round < 200; round++) {
    const began = performance.now();
    await client.query("SELECT 1");
    bare.push(performance.now() - began);
  }
  await client.end();
  await store.close();
  return [
    ...measured.map((row) => ({ ...row, what: `PostgreSQL, ${row.what}` })),
    { what: "PostgreSQL, a bare SELECT 1: p99", ours: percentile(bare, 0.99), hand: null, unit: "ms" },
  ];
}
