/*
 * The same work as in main.mjs on one PostgreSQL, each toolkit so that a run could go on after a crash: Twelvefold with its store,
 * LangGraph with its PostgreSQL saver, Mastra's durable agent with its store, and beside them a loop written by hand over `pg`.
 *
 *     npm run build && npm --prefix bench/peers install && npm --prefix bench/peers run bench:postgres
 *
 * It starts a PostgreSQL of its own with `fsync` on. With POSTGRES=postgres://… it takes yours, in a database that it creates and drops.
 * They take turns, each turn new runs; a number is the median of the turns, a ratio the median of the ratios within a turn.
 */
import { cpus, loadavg } from "node:os";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { startPostgres } from "../../test/store/postgres-server.ts";
import { median, startModel } from "./model-process.mjs";

process.env.MASTRA_TELEMETRY_DISABLED = "1";
process.env.LANGCHAIN_TRACING_V2 = "false";
process.env.BAML_LOG = "off";

const WORK = [
  { steps: 10, atOnce: 1 },
  { steps: 50, atOnce: 1 },
  { steps: 10, atOnce: 16 },
];
const TURNS = Number(process.env.TURNS ?? 5);
const CONNECTIONS = 10;

const server = await openServer();
const { baseURL, end } = await startModel();
try {
  const subjects = [];
  for (const name of ["hand", "twelvefold", "twelvefold-once", "langgraph", "mastra"]) {
    subjects.push(await open(name));
  }
  for (const work of WORK) {
    for (let turn = -1; turn < TURNS; turn++) {
      for (const subject of subjects) {
        if (subject.fault === null) await take(subject, { ...work, turn });
      }
    }
  }
  report(subjects);
  for (const { close, pool } of subjects) {
    await close?.();
    await pool.end();
  }
} finally {
  end();
  await server.remove();
}
process.exit(0);

/** A toolkit that cannot run says why in the table; the others go on. */
async function open(name) {
  const { address } = server;
  const pool = new pg.Pool({ connectionString: address, max: CONNECTIONS });
  // LangGraph and Mastra have connections of the pool in use when their database goes; then nobody but this listens.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const subject = { name, title: name, fault: null, calls: 0, rates: new Map(), kilobytes: new Map(), pool };
  const onCall = () => {
    subject.calls += 1;
  };
  try {
    const { prepare } = await import(`./subjects/postgres/${name}.mjs`);
    Object.assign(subject, await prepare({ address, pool, connections: CONNECTIONS, baseURL, onCall }));
  } catch (error) {
    fail(subject, error);
  }
  return subject;
}

function fail(subject, error) {
  console.error(`${subject.name}:`, error);
  const [line] = String(error?.message ?? error).split("\n");
  subject.fault = line.replace(/ imported from .*/, "").slice(0, 120);
}

/** The first turn warms up. */
async function take(subject, { steps, atOnce, turn }) {
  const { name, run, rates, kilobytes } = subject;
  const row = rowOf({ steps, atOnce });
  subject.calls = 0;
  const before = await server.quiet();
  const began = performance.now();
  try {
    const messages = Array.from(
      { length: atOnce },
      (_, index) => `${name}-${steps}-${atOnce}-${turn}-${index}`,
    );
    await Promise.all(messages.map((id) => run(`run-${id} steps-${steps}: please add these up`, steps)));
    const wanted = steps * atOnce;
    if (subject.calls !== wanted)
      throw new Error(`it ran the tool ${subject.calls} times instead of ${wanted}`);
  } catch (error) {
    fail(subject, error);
    return;
  }
  const seconds = (performance.now() - began) / 1000;
  const after = await server.quiet();
  if (turn < 0) return;
  const add = (to, value) => to.set(row, [...(to.get(row) ?? []), value]);
  add(rates, (steps * atOnce) / seconds);
  add(kilobytes, (after - before) / 1000 / (steps * atOnce));
}

function rowOf({ steps, atOnce }) {
  return atOnce === 1 ? `runs of ${steps} steps, one at a time` : `runs of ${steps} steps, ${atOnce} at once`;
}

function report(subjects) {
  const [hand] = subjects;
  console.log(`| durable steps per second | ${subjects.map(({ title }) => title).join(" | ")} |`);
  console.log(`|---|${subjects.map(() => "---").join("|")}|`);
  const print = (what, row, cell) => {
    const cells = subjects.map((of) => (of.rates.has(row) ? cell(of) : "does not run"));
    console.log(`| ${what} | ${cells.join(" | ")} |`);
  };
  for (const row of WORK.map(rowOf)) {
    print(row, row, ({ rates }) => {
      const ratios = rates.get(row).map((rate, turn) => rate / (hand.rates.get(row)?.[turn] ?? Number.NaN));
      return `${median(rates.get(row)).toFixed(0)} (${median(ratios).toFixed(2)})`;
    });
  }
  for (const row of WORK.map(rowOf)) {
    print(
      `written to the log a step, ${row}`,
      row,
      ({ kilobytes }) => `${median(kilobytes.get(row)).toFixed(1)} kB`,
    );
  }
  for (const { title, fault } of subjects) {
    if (fault !== null) console.log(`\n${title} does not run: ${fault}`);
  }
  const load = loadavg().map((one) => one.toFixed(1));
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}, ${server.version}`;
  console.log(`\n${machine}, ${TURNS} turns; load average ${load.join(", ")}`);
}

/** A database of its own in the server of POSTGRES, or in one that is started here. */
async function openServer() {
  const given = process.env.POSTGRES;
  const started =
    given === undefined
      ? await startPostgres({
          fsync: "on",
          full_page_writes: "on",
          max_connections: "100",
          shared_buffers: "256MB",
        })
      : null;
  const root = new pg.Client({ connectionString: given ?? started.address });
  root.on("error", () => {});
  await root.connect();
  const database = `twelvefold_peers_${process.pid}`;
  await root.query(`CREATE DATABASE ${database}`);
  const ask = async (sql) => Object.values((await root.query(sql)).rows[0])[0];
  return {
    address: (given ?? started.address).replace(/^(\w+:\/\/[^/?]*)(?:\/[^?]*)?/, `$1/${database}`),
    version: `PostgreSQL ${await ask("SHOW server_version")}`,
    /** Bytes of the write-ahead log, once nothing is written any more: what a run leaves for later is nobody else's. */
    async quiet() {
      let last = Number.NaN;
      for (let tries = 0; tries < 50; tries++) {
        const written = Number(await ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"));
        if (written === last) break;
        last = written;
        await setTimeout(200);
      }
      return last;
    },
    async remove() {
      await root.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await root.end();
      await started?.remove();
    },
  };
}
