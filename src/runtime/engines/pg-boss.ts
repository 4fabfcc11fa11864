// `twelvefold/pg-boss`: threads are woken through a queue in the database that holds them.
import { setTimeout } from "node:timers/promises";
import { PgBoss } from "pg-boss";
import { fields, optional } from "../../base/checks.ts";
import { UsageError } from "../../base/errors.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import { checkOptions, count } from "../../base/options.ts";
import { describeAddress } from "../../store/postgres/database.ts";
import { isConnectionError, storageError } from "../../store/postgres/errors.ts";
import { type PostgresPlace, placeOf } from "../../store/postgres/place.ts";
import type { RunStatement, ThreadStore } from "../../store/store.ts";
import { createHandOver, type Engine, type EngineStart } from "./engine.ts";
import { type BossDatabase, createBossDatabase, nameOf } from "./pg-boss-database.ts";
import { tellOnce } from "./tell-once.ts";

export interface PgBossEngineOptions {
  /** The largest number of connections that the engine holds in this process, in addition to the store's. Default 4. */
  readonly connections?: number | undefined;
}

const QUEUE = "wake";
/** How many wakes one process takes at once. It takes more once work on these threads has started. */
const TAKEN_AT_ONCE = 4;
const TAKERS = 2;
const OPTIONS = fields({ connections: optional(count) });

/**
 * Opens the engine on pg-boss (12 or later, https://github.com/timgit/pg-boss), in the database of the store: in the schema
 * `<schema of the store>_wakes`, made when it is missing. The wake is enqueued in the transaction of the change that makes
 * it necessary, and brought to a process within milliseconds by one NOTIFY. Needs the packages `pg` and `pg-boss`, and
 * connections that stay with one session: no pooler in transaction mode.
 *
 * Threads whose time has come are found in the store by each process, once a second; the queue holds no timers. Throws
 * `UsageError` for a store that is not in PostgreSQL.
 *
 * @example
 * const store = await openPostgresStore(address);
 * const runtime = createRuntime({ agents, store, engine: await openPgBossEngine(store) });
 * runtime.start();
 */
export async function openPgBossEngine(
  store: ThreadStore,
  options: PgBossEngineOptions = {},
): Promise<Engine> {
  checkOptions("openPgBossEngine", OPTIONS, options);
  const place = placeOf(store);
  if (place === undefined) {
    throw new UsageError(
      "invalid_configuration",
      'the engine pg-boss needs a store that openPostgresStore opened (`store: "postgres://…"` in the configuration): its queue lies in the same database',
    );
  }
  // What fails is tried again by pg-boss; until there is somebody to tell, nobody is told.
  let onProblem: (error: unknown) => void = () => {};
  const where = describeAddress(place.connectionString);
  const onError = tellOnce(where, (error) => onProblem(error));
  const { boss, database } = await persist(where, () => openBoss(place, options, onError));
  const send = (threadId: ThreadId, db?: { executeSql: Executor }) =>
    boss.send(QUEUE, { threadId }, { singletonKey: threadId, ...(db === undefined ? {} : { db }) });
  const { begun, idle } = createHandOver();
  return {
    name: "pg-boss",
    async wake(threadId, at) {
      if (at === undefined) await send(threadId);
    },
    async enqueue(threadId, run) {
      await send(threadId, { executeSql: (sql, values) => execute(run, sql, values) });
    },
    async start(work) {
      onProblem = work.onProblem;
      await Promise.all(Array.from({ length: TAKERS }, () => take(boss, work, begun)));
    },
    idle,
    async stop() {
      await boss.stop({ graceful: true, timeout: 30_000 });
      await database.close();
    },
  };
}

/** How long, in ms, to try again while the database is down, restarting or has no connection left. */
const PATIENCE_MS = 30_000;

async function persist<T>(where: string, work: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; ) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      if (waited >= PATIENCE_MS) throw storageError(error, where);
      const delay = Math.min(Math.max(50, waited), 1_000);
      waited += delay;
      await setTimeout(delay);
    }
  }
}

interface OpenedBoss {
  readonly boss: PgBoss;
  readonly database: BossDatabase;
}

async function openBoss(
  place: PostgresPlace,
  options: PgBossEngineOptions,
  onError: (error: unknown) => void,
): Promise<OpenedBoss> {
  const database = createBossDatabase(place.connectionString, options.connections ?? 4, onError);
  const boss = new PgBoss({
    db: database,
    schema: `${place.schema.slice(0, 44)}_wakes`,
    schedule: false,
    useListenNotify: true,
    maintenanceIntervalSeconds: 60,
    registerInstance: false,
    monitorVacuum: false,
  });
  boss.on("error", onError);
  try {
    await boss.start();
    await boss.createQueue(QUEUE, {
      // At most one wake of a thread waits, and one is being handed over.
      policy: "stately",
      notify: true,
      heartbeatSeconds: 10,
      // The runtime retries a thread that could not be advanced.
      retryLimit: 0,
      deleteAfterSeconds: 60,
    });
    return { boss, database };
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => {});
    await database.close();
    throw error;
  }
}

type Executor = (sql: string, values?: unknown[]) => Promise<{ rows: Readonly<Record<string, unknown>>[] }>;

async function execute(run: RunStatement, sql: string, values: unknown[] | undefined) {
  const { rows } = await run(sql, values, nameOf(sql, values));
  return { rows: [...rows] };
}

/** Takes wakes. A wake is done once its thread is claimed here, or needs no work: from then on, the claim counts. */
async function take(
  boss: PgBoss,
  { advance, onProblem }: EngineStart,
  begun: (work: Promise<void>) => Promise<void>,
): Promise<void> {
  let taker = "";
  taker = await boss.work(
    QUEUE,
    { batchSize: TAKEN_AT_ONCE, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 5 },
    async (jobs) => {
      const threads = jobs.flatMap(({ data }) => {
        const id = parseThreadId(threadIdIn(data));
        if (id === undefined) onProblem(new Error("the queue holds a wake without a thread id"));
        return id === undefined ? [] : [id];
      });
      await Promise.all(threads.map((threadId) => begun(advance(threadId))));
      // There may be more: look again at once, not at the next notification.
      boss.notifyWorker(taker);
    },
  );
}

function threadIdIn(data: unknown): string {
  return typeof data === "object" && data !== null && "threadId" in data ? String(data.threadId) : "";
}
