import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { createRuntime, type Runtime, type ThreadId } from "../../src/index.ts";
import { openPgBossEngine } from "../../src/runtime/engines/pg-boss.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { bencher } from "../engine.ts";
import { plannedAgent } from "./agent.ts";
import { launchByHand } from "./hand.ts";

/** A process that launches threads, and others that advance them. */
export interface Fleet {
  /** Launches so many threads of so many steps at once; resolves when all have ended. */
  run(threads: number, steps: number): Promise<void>;
  end(): Promise<void>;
}

async function startWorkers(count: number, args: readonly string[]): Promise<readonly ChildProcess[]> {
  const script = join(import.meta.dirname, "worker.js");
  return Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      return child;
    }),
  );
}

async function endWorkers(workers: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    workers.map(async (child) => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }),
  );
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await setTimeout(10);
}

export interface OurFleet extends Fleet {
  readonly store: ThreadStore;
  readonly runtime: Runtime;
  launch(steps: number): Promise<ThreadId>;
  untilFinished(): Promise<void>;
}

/** Workers of this package with pg-boss, in a schema of their own. */
export async function startFleet(address: string, schema: string, count: number): Promise<OurFleet> {
  const store = await openPostgresStore(address, { schema });
  const engine = await openPgBossEngine(store);
  const runtime = createRuntime({ agents: [plannedAgent()], store, engine, worker: false });
  const workers = await startWorkers(count, [address, schema]);
  const launch = async (steps: number) =>
    (await runtime.launch({ agent: "planned", input: { message: String(steps), from: bencher } })).threadId;
  const untilFinished = () =>
    until(async () => (await store.list({ status: ["running"], limit: 1 })).threads.length === 0);
  return {
    store,
    runtime,
    launch,
    untilFinished,
    async run(threads, steps) {
      await Promise.all(Array.from({ length: threads }, () => launch(steps)));
      await untilFinished();
    },
    async end() {
      await endWorkers(workers);
      await runtime.stop();
      await store.close();
    },
  };
}

/** The same written by hand; its tables must be there. */
export async function startFleetByHand(address: string, count: number): Promise<Fleet> {
  const pool = new pg.Pool({ connectionString: address, max: 10 });
  pool.on("error", () => {});
  const workers = await startWorkers(count, [address]);
  return {
    async run(threads, steps) {
      await Promise.all(Array.from({ length: threads }, () => launchByHand(pool, steps)));
      await until(async () => {
        const { rows } = await pool.query("SELECT 1 FROM by_hand WHERE state <> 'done' LIMIT 1");
        return rows.length === 0;
      });
    },
    async end() {
      await endWorkers(workers);
      await pool.end();
    },
  };
}
