import { setTimeout } from "node:timers/promises";
import pg from "pg";

/*
 * What one writes by hand over `pg` to have several processes advance threads: a row for each thread, claimed with SKIP LOCKED
 * and brought by NOTIFY, and two INSERTs a step, each committed before the next begins. Nothing fences a process that stood
 * still, nobody takes over from one that died, nothing can be listed, searched or verified.
 */

export const HAND_TABLES = `
CREATE TABLE by_hand (id serial PRIMARY KEY, steps integer NOT NULL, state text NOT NULL DEFAULT 'todo');
CREATE INDEX by_hand_todo ON by_hand (id) WHERE state = 'todo';
CREATE TABLE by_hand_events (
  thread integer NOT NULL, seq integer NOT NULL, at text NOT NULL, type text NOT NULL, data text NOT NULL,
  PRIMARY KEY (thread, seq))`;

type Run = (sql: string, values: readonly unknown[]) => Promise<unknown>;

interface NewEvent {
  readonly type: string;
  readonly data: unknown;
}

export function insertByHand(
  run: Run,
  thread: number,
  seq: number,
  { type, data }: NewEvent,
): Promise<unknown> {
  return run("INSERT INTO by_hand_events VALUES ($1, $2, $3, $4, $5)", [
    thread,
    seq,
    new Date().toISOString(),
    type,
    JSON.stringify(data),
  ]);
}

/** Starts a thread: its row, its first event and the word to the workers in one transaction. Answers with the row's id. */
export async function launchByHand(pool: pg.Pool, steps: number): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const { rows } = await client.query("INSERT INTO by_hand (steps) VALUES ($1) RETURNING id", [steps]);
    const run: Run = (sql, values) => client.query(sql, [...values]);
    await insertByHand(run, rows[0].id, 0, { type: "message", data: String(steps) });
    await client.query("NOTIFY by_hand");
    await client.query("COMMIT");
    return rows[0].id;
  } finally {
    client.release();
  }
}

const CLAIM = `
UPDATE by_hand SET state = 'working'
WHERE id = (SELECT id FROM by_hand WHERE state = 'todo' ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id, steps`;

/** What a server says while it dies, to nobody in particular, would end the process. */
const ignore = () => {};

/** Advances threads, so many at once, for as long as the process lives. */
export async function workByHand(address: string, atOnce: number, connections: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: address, max: connections });
  const listener = new pg.Client({ connectionString: address });
  pool.on("error", ignore);
  listener.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  let told = Promise.withResolvers<void>();
  listener.on("notification", () => {
    told.resolve();
    told = Promise.withResolvers();
  });
  await listener.connect();
  await listener.query("LISTEN by_hand");
  const run: Run = (sql, values) => pool.query(sql, [...values]);
  const lane = async () => {
    for (;;) {
      const news = told.promise;
      const { rows } = await pool.query(CLAIM);
      if (rows.length === 0) {
        await Promise.race([news, setTimeout(1_000)]);
        continue;
      }
      const { id, steps } = rows[0];
      for (let step = 1; step <= steps; step++) {
        await insertByHand(run, id, 2 * step - 1, { type: "step", data: { intent: "add", a: step } });
        await insertByHand(run, id, 2 * step, { type: "result", data: step + 1 });
      }
      await pool.query("UPDATE by_hand SET state = 'done' WHERE id = $1", [id]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
