import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { sha256 } from "../../base/digest.ts";
import { StorageError, type TwelvefoldError, UsageError } from "../../base/errors.ts";
import { nodeSqlite } from "../sqlite/node-sqlite.ts";
import { openSqliteStore } from "../sqlite/open.ts";
import { type SqlRow, type Statements, statementsOf } from "../sqlite/port.ts";
import { number, text } from "../sqlite/row.ts";
import { checkPlace } from "./check-place.ts";
import { copyThreads } from "./copy-threads.ts";
import { createDatabase, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { encodeText } from "./text.ts";

export interface CopyOptions {
  /** Of the target. Default `twelvefold`. */
  readonly schema: string | undefined;
  /** Ms since the epoch: claims that last longer are live. */
  readonly now: number;
  /** Called after each part. May not throw. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Ends the copy after the part under way; it can be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** As for `openPostgresStore`. */
  readonly onOutage?: ((error: TwelvefoldError) => void) | undefined;
}

/** What was copied, counting what an earlier, interrupted copy had done. */
export interface Copied {
  readonly threads: number;
  readonly values: number;
}

const MARK = "copy";
const THREADS_AT_ONCE = 100;

interface Mark {
  /** Names the source as it was when the copy began. */
  readonly source: string;
  /** The last thread that was copied, by its key in the file. */
  readonly done: number;
}

/**
 * Copies all threads of an SQLite file into an empty store in PostgreSQL, byte for byte: events with salts and digests, so
 * that every chain verifies in the target as it does in the source, idempotency keys and values. Each part is one
 * transaction, in which each of its threads is verified; a copy that was interrupted goes on where it ended.
 *
 * Throws `UsageError` for a source that is not there or whose threads somebody is working on, and for a target that holds threads, other than those
 * of an interrupted copy of the same source; `StorageError` where a thread does not verify, or the source was written
 * meanwhile.
 */
export async function copySqliteToPostgres(
  file: string,
  address: string,
  options: CopyOptions,
): Promise<Copied> {
  const place = checkPlace({ connectionString: address, schema: options.schema });
  const path = resolve(file);
  // To open a file that is not there makes it.
  if (!existsSync(path))
    throw new UsageError("invalid_configuration", `there is no file ${path} to copy from`);
  // Brings the tables of an older file up to date, and says what is wrong with one that is none.
  await (await openSqliteStore(path)).close();
  const source = nodeSqlite(path);
  const limits = { connections: 2, planOnce: true, patience: 30_000, answerWithin: 300_000 };
  const database = createDatabase({ ...place, ...limits, onOutage: options.onOutage });
  try {
    source.exec("BEGIN");
    const sql = statementsOf(source);
    refuseLiveClaims(sql, options.now);
    await migrate(database, place.schema);
    const { total, name } = describeSource(sql, path);
    let mark = await beginOrResume(database, place.schema, name);
    for (
      let threads = readThreads(sql, mark.done);
      threads.length > 0;
      threads = readThreads(sql, mark.done)
    ) {
      options.signal?.throwIfAborted();
      mark = await copyPart(database, sql, threads, mark);
      options.onProgress?.(countDone(sql, mark.done), total);
    }
    source.exec("COMMIT");
    source.exec("BEGIN");
    if (describeSource(sql, path).name !== name) {
      throw new StorageError(
        "storage_failed",
        `${path} was written while it was copied: end what uses it, empty the target, and copy again`,
      );
    }
    const values = await finish(database, sql);
    return { threads: total, values };
  } finally {
    source.close();
    await database.close();
  }
}

function refuseLiveClaims(sql: Statements, now: number): void {
  const row = sql("SELECT count(*) AS live FROM leases WHERE until > ? AND until <= ?").get(
    now,
    now + 3_600_000,
  );
  const live = row === undefined ? 0 : number(row, "live");
  if (live === 0) return;
  throw new UsageError(
    "invalid_argument",
    `${live === 1 ? "1 thread of the source is" : `${live} threads of the source are`} being worked on: end the servers and workers that use it, then copy`,
  );
}

/** How many threads there are, and a name that changes whenever one of them does. */
function describeSource(sql: Statements, path: string): { readonly total: number; readonly name: string } {
  const row = sql(
    "SELECT count(*) AS total, coalesce(sum(seq), 0) AS events, coalesce(max(updated_at), 0) AS latest FROM threads",
  ).get();
  if (row === undefined) throw new Error("an aggregate has a row");
  const total = number(row, "total");
  return { total, name: sha256(JSON.stringify([path, total, number(row, "events"), number(row, "latest")])) };
}

function countDone(sql: Statements, key: number): number {
  const row = sql("SELECT count(*) AS done FROM threads WHERE key <= ?").get(key);
  return row === undefined ? 0 : number(row, "done");
}

async function beginOrResume(database: Database, schema: string, source: string): Promise<Mark> {
  return database.again(async (query) => {
    const { rows } = await query("SELECT value FROM named_values WHERE name = $1", [MARK]);
    const mark: Partial<Mark> = rows[0] === undefined ? {} : JSON.parse(String(rows[0]["value"]));
    if (mark.source === source && typeof mark.done === "number") return { source, done: mark.done };
    const found = await query("SELECT 1 FROM threads LIMIT 1");
    if (found.count > 0) {
      const what =
        mark.source === undefined
          ? "holds threads: copy into an empty schema"
          : "holds a part of another source, or of this one as it was before: copy into an empty schema";
      throw new UsageError("invalid_argument", `the target, schema ${schema} of ${database.where}, ${what}`);
    }
    const begun = { source, done: 0 };
    await query(
      "INSERT INTO named_values (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [MARK, JSON.stringify(begun)],
    );
    return begun;
  });
}

function readThreads(sql: Statements, after: number): readonly SqlRow[] {
  return sql("SELECT * FROM threads WHERE key > ? ORDER BY key LIMIT ?").all(after, THREADS_AT_ONCE);
}

async function copyPart(
  database: Database,
  sql: Statements,
  threads: readonly SqlRow[],
  before: Mark,
): Promise<Mark> {
  const last = threads.at(-1);
  const mark = { ...before, done: last === undefined ? before.done : number(last, "key") };
  const work = database.transaction(async (query) => {
    const moved = await query("UPDATE named_values SET value = $2 WHERE name = $1 AND value = $3", [
      MARK,
      JSON.stringify(mark),
      JSON.stringify(before),
    ]);
    // The answer to an earlier attempt was lost: it was done.
    if (moved.count === 0) return;
    await copyThreads(query, sql, threads);
  });
  await database.again(work);
  return mark;
}

/** The values beside the threads, and the end of the copy. */
async function finish(database: Database, sql: Statements): Promise<number> {
  const values = sql("SELECT name, value, expires_at, about FROM named_values").all();
  await database.again(
    database.transaction(async (query) => {
      for (const value of values) {
        await query(
          "INSERT INTO named_values (name, value, expires_at, about) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING",
          [
            encodeText(text(value, "name")),
            encodeText(text(value, "value")),
            value["expires_at"],
            value["about"],
          ],
        );
      }
      await query("DELETE FROM named_values WHERE name = $1", [MARK]);
    }),
  );
  return values.length;
}
