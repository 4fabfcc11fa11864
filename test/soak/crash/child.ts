/*
 * One life of a process that runs threads and answers as a person would, until it is killed or every thread has ended:
 * `child.ts DATABASE LEDGER THREADS CLAIM-MS PATIENCE-MS [POINT NTH]`. DATABASE is a file, or the address of a PostgreSQL database
 * with a schema; SOAK_ENGINE names an engine, and with SOAK_SERVERS_DIE what servers that die cause is no complaint. Its person waits so long before saying that what is
 * not in the ledger did not happen: a process may be standing still, and pay when it goes on.
 */
import { TwelvefoldError } from "../../../src/base/errors.ts";
import { requestIdOf, type ThreadId } from "../../../src/base/ids.ts";
import { openStore } from "../../../src/cli/open-store.ts";
import { verifiedBy } from "../../../src/humans/principal.ts";
import type { HumanResponse } from "../../../src/humans/respond.ts";
import { createRuntime } from "../../../src/runtime/runtime.ts";
import { nodeSqlite } from "../../../src/store/sqlite/node-sqlite.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { SqliteDriver } from "../../../src/store/sqlite/port.ts";
import type { ThreadStore } from "../../../src/store/store.ts";
import type { Thread } from "../../../src/thread/thread.ts";
import { crashAgent } from "./agent.ts";
import { engineOf } from "./engine.ts";
import { FAULT_POINTS, killer } from "./faults.ts";
import { note, readLedger } from "./ledger.ts";

const [path = "", ledger = "", threads = "1", claimMs = "90", patienceMs = "0", at, nth = "1"] =
  process.argv.slice(2);
const point = FAULT_POINTS.find((name) => name === at);
const reach = killer(point === undefined ? undefined : { point, nth: Number(nth) });

const driver: SqliteDriver = (file) => {
  const database = nodeSqlite(file);
  return {
    ...database,
    exec: (sql) => {
      // Before and after each part of the migrations' transactions.
      const migrates = /CREATE TABLE|ALTER TABLE/.test(sql);
      if (migrates) reach("migration");
      database.exec(sql);
      if (migrates) reach("migration");
    },
  };
};

function dying(store: ThreadStore): ThreadStore {
  return {
    ...store,
    async append(threadId, expectedSeq, events, options) {
      const settles = events.some(({ type }) => type === "tool_finished");
      reach("before_append");
      if (settles) reach("before_settle");
      const outcome = await store.append(threadId, expectedSeq, events, options);
      reach("after_append");
      if (settles) reach("after_settle");
      return outcome;
    },
    async claim(threadId, owner, now, until) {
      reach("before_claim");
      const taken = await store.claim(threadId, owner, now, until);
      reach("after_claim");
      return taken;
    },
    async release(threadId, owner) {
      reach("before_release");
      await store.release(threadId, owner);
    },
  };
}

/** An append tells where it is in its transaction, too. */
function dyingAlongside(store: ThreadStore): ThreadStore {
  return {
    ...store,
    append: (threadId, expectedSeq, events, options) => {
      const { alongside } = options;
      const dies: typeof alongside =
        alongside &&
        (async (run) => {
          reach("before_enqueue");
          await alongside(run);
          reach("before_commit");
        });
      return store.append(threadId, expectedSeq, events, { ...options, alongside: dies });
    },
  };
}

/** `SOAK_ANSWER_MS` says after what time a connection that stands still counts as lost. */
async function openDatabase(): Promise<ThreadStore> {
  const answerWithin = process.env["SOAK_ANSWER_MS"];
  if (answerWithin === undefined) return openStore(path, "/");
  const { openPostgresStore } = await import("../../../src/store/postgres/open.ts");
  const [address = "", schema] = path.split(/[?&]schema=/);
  return openPostgresStore(address, { schema, answerWithin: Number(answerWithin) });
}

const ada = verifiedBy("test", "ada");
const isFile = !path.startsWith("postgres:");
const opened = isFile ? await openSqliteStore(path, { driver }) : await openDatabase();
const engine = await engineOf(process.env["SOAK_ENGINE"], opened);
const store = dyingAlongside(dying(opened));
const runtime = createRuntime({
  agents: [crashAgent(ledger, reach)],
  store,
  engine,
  stream: true,
  claimMs: Number(claimMs),
  sweepMs: Number(claimMs) / 6,
  channels: [
    {
      name: "pager",
      async deliver(notice) {
        reach("notify_before");
        await new Promise((resolve) => setImmediate(resolve));
        note(ledger, { kind: notice.mayBeRepeated ? "retold" : "told", key: notice.id });
        reach("notify_after");
      },
    },
  ],
});
const serversDie = process.env["SOAK_SERVERS_DIE"] !== undefined;
runtime.subscribe((seen) => {
  if (seen.kind === "problem" || seen.kind === "sweep_problem") {
    const isEngine = TwelvefoldError.isInstance(seen.error) && seen.error.code === "engine_failed";
    if (serversDie || isEngine) return;
    process.stderr.write(`${seen.kind}: ${seen.error instanceof Error ? seen.error.stack : seen.error}\n`);
  }
});
runtime.start();

for (let index = 0; index < Number(threads); index++) {
  const input = { message: `thread ${index}`, from: ada };
  const via = { channel: "pager", address: "ada" };
  const { threadId, created } = await runtime.launch({ agent: "crash", input, via, once: `launch ${index}` });
  if (created) note(ledger, { kind: "launched", key: threadId });
}

/** What a person says who looks into the ledger where nobody else knows. */
function answerTo({ state }: Thread): HumanResponse | undefined {
  const { request } = state;
  if (request === null) return undefined;
  if (request.type === "approval") return { digest: request.digest, decision: { kind: "approved" } };
  if (request.kind === "question") return { decision: { kind: "answered", text: "yes" } };
  if (request.kind !== "unknown_outcome") return { decision: { kind: "approved" }, digest: null };
  const call = state.calls.find(({ callId }) => callId === request.callId);
  const key = call?.phase.kind === "unknown" ? call.phase.key : "";
  if (readLedger(ledger).some((line) => line.kind === "pay" && line.key === key)) {
    return { decision: { kind: "happened", result: "paid, says the ledger" } };
  }
  const asked = Date.now() - Date.parse(request.askedAt);
  return asked < Number(patienceMs) ? undefined : { decision: { kind: "did_not_happen" } };
}

/** Whether the channel knows of all that happened. */
async function isAllTold(threads: readonly { readonly threadId: ThreadId }[]): Promise<boolean> {
  const all = await Promise.all(threads.map(({ threadId }) => runtime.get(threadId)));
  return all.every(({ state }) => state.news.length === 0);
}

for (;;) {
  const { threads: found } = await runtime.list({ limit: 1000 });
  const isOver = found.every(({ status }) => status === "finished" || status === "failed");
  if (isOver && (await isAllTold(found))) break;
  for (const { threadId, pendingRequest } of found) {
    if (pendingRequest === null) continue;
    const thread = await runtime.get(threadId);
    const response = answerTo(thread);
    const seq = thread.state.request?.seq;
    if (response === undefined || seq === undefined) continue;
    reach("answering");
    try {
      await runtime.respond(requestIdOf(threadId, seq), response, ada);
      note(ledger, { kind: "answered", key: requestIdOf(threadId, seq) });
    } catch (error) {
      if (!TwelvefoldError.isInstance(error) || error.code !== "conflict") throw error;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, Number(threads)));
}
await runtime.stop();
await store.close();
