import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { createRuntime, type Runtime, type ThreadId } from "../../src/index.ts";
import { openPgBossEngine } from "../../src/runtime/engines/pg-boss.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { createThread, messages, project } from "../../src/testing/store-contract/samples.ts";
import { startPostgres } from "../../test/store/postgres-server.ts";
import { bencher } from "../engine.ts";
import { type Compared, median } from "../measured.ts";
import { plannedAgent } from "../postgres-agent.ts";
import type { BenchContext, BenchRow } from "./bench-row.ts";

const STEPS = 10;
/** What a worker advances at the same time. */
const AT_ONCE = 16;

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

async function startWorker(address: string, schema: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "..", "postgres-worker.js");
  const child = spawn(process.execPath, [script, address, schema], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

async function endWorker(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function openSender(address: string, schema: string) {
  const store = await openPostgresStore(address, { schema });
  const engine = await openPgBossEngine(store);
  const runtime = createRuntime({ agents: [plannedAgent()], store, engine, worker: false });
  return { store, runtime, close: () => runtime.stop().then(() => store.close()) };
}

async function launch(runtime: Runtime, steps: number): Promise<ThreadId> {
  const input = { message: String(steps), from: bencher };
  return (await runtime.launch({ agent: "planned", input })).threadId;
}

async function untilFinished(store: ThreadStore): Promise<void> {
  for (;;) {
    const { threads } = await store.list({ status: ["running"], limit: 1 });
    if (threads.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function throughput(address: string, { quick, tick }: BenchContext): Promise<readonly Compared[]> {
  const threads = quick ? 60 : 200;
  tick("a loop by hand over pg");
  const hand = await byHand(address, threads);
  const rows: Compared[] = [];
  for (const count of [1, 2, 4]) {
    tick(`${count} workers`);
    const schema = `bench_${count}`;
    const { store, runtime, close } = await openSender(address, schema);
    const workers = await Promise.all(Array.from({ length: count }, () => startWorker(address, schema)));
    await Promise.all(Array.from({ length: 20 }, () => launch(runtime, STEPS)));
    await untilFinished(store);
    const began = performance.now();
    await Promise.all(Array.from({ length: threads }, () => launch(runtime, STEPS)));
    await untilFinished(store);
    const rate = (threads * STEPS * 1000) / (performance.now() - began);
    await Promise.all(workers.map(endWorker));
    await close();
    rows.push({
      what: `PostgreSQL, ${count} worker processes: durable steps`,
      ours: rate,
      hand,
      unit: "steps/s",
      budget: { atLeast: 0.8 },
    });
  }
  return rows;
}

/** As many threads, in one process, each step two INSERTs that are committed one by one. */
async function byHand(address: string, threads: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: address, max: 10 });
  await pool.query(
    "CREATE TABLE by_hand (thread integer, seq integer, at text, data text, PRIMARY KEY (thread, seq))",
  );
  const insert = (thread: number, seq: number) =>
    pool.query("INSERT INTO by_hand VALUES ($1, $2, $3, $4)", [
      thread,
      seq,
      new Date().toISOString(),
      '{"step":{"intent":"add"}}',
    ]);
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < threads) {
      const thread = next++;
      for (let step = 0; step < 2 * STEPS; step++) await insert(thread, step);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const rate = (threads * STEPS * 1000) / (performance.now() - began);
  await pool.end();
  return rate;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** From the commit of a launch in one process to the first step that another process has proposed. */
async function latency(address: string, { quick, tick }: BenchContext): Promise<readonly Compared[]> {
  tick("wake to advance");
  const schema = "bench_latency";
  const { store, runtime, close } = await openSender(address, schema);
  const worker = await startWorker(address, schema);
  const waits: number[] = [];
  for (let index = 0; index < (quick ? 50 : 200) + 10; index++) {
    const id = await launch(runtime, 1);
    const committed = Date.now();
    await untilFinished(store);
    const proposed = (await store.read(id)).find(({ type }) => type === "step_proposed");
    if (index >= 10 && proposed !== undefined) waits.push(Date.parse(proposed.at) - committed);
  }
  await endWorker(worker);
  await close();
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

/** Lists and due threads among many that wait. */
async function manyWaiting(address: string, { quick, tick }: BenchContext): Promise<readonly Compared[]> {
  const count = quick ? 100_000 : 1_000_000;
  tick(`${count} waiting threads`);
  const store = await openPostgresStore(address, { schema: "bench_many" });
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  await client.query("SET search_path = bench_many");
  await client.query(
    `INSERT INTO threads (id, seq, head, created_at, updated_at, listed_at, agent, status, title, wake_at, pending_request)
     SELECT 'thr_' || lpad(n::text, 20, '0'), 1, '', n, n, n, 'agent ' || n % 5,
       (ARRAY['awaiting_approval', 'awaiting_human', 'awaiting_time', 'finished'])[1 + n % 4], 'title ' || n,
       CASE WHEN n % 4 = 2 THEN 4000000000000 + n END, CASE WHEN n % 4 < 2 THEN 1 END
     FROM generate_series(1, ${count}) AS n`,
  );
  await client.query("ANALYZE threads");
  const asked: number[] = [];
  const due: number[] = [];
  /** What any question costs on this machine at this moment. */
  const bare: number[] = [];
  for (let round = 0; round < 200; round++) {
    const began = performance.now();
    const filter =
      round % 2 === 0
        ? { pending: true }
        : { agent: `agent ${round % 5}`, status: ["awaiting_time"] as const };
    await store.list(filter);
    const listed = performance.now();
    await store.due(Date.now(), 100, ["agent 1"]);
    asked.push(listed - began);
    const found = performance.now();
    await client.query("SELECT 1");
    due.push(found - listed);
    bare.push(performance.now() - found);
  }
  await client.end();
  await store.close();
  const many = count.toLocaleString("en");
  return [
    {
      what: `PostgreSQL, ${many} threads: list, p99`,
      ours: percentile(asked, 0.99),
      hand: null,
      unit: "ms",
      budget: { atMost: 20 },
    },
    {
      what: `PostgreSQL, ${many} threads: due, p99`,
      ours: percentile(due, 0.99),
      hand: null,
      unit: "ms",
      budget: { atMost: 20 },
    },
    { what: "PostgreSQL: a bare SELECT 1, p99", ours: percentile(bare, 0.99), hand: null, unit: "ms" },
  ];
}
