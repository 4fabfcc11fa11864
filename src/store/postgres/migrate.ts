import { StorageError } from "../../base/errors.ts";
import type { Database, Query } from "./database.ts";
import { threads } from "./migrations/0001-threads.ts";
import { threadStates } from "./migrations/0002-thread-states.ts";
import { search } from "./migrations/0003-search.ts";
import { number } from "./row.ts";

/** In order, numbered from 1. Never change a released migration: add another one. */
const MIGRATIONS: readonly string[] = [threads, threadStates, search];

/** The version of the tables that this version of the package reads and writes. */
export const POSTGRES_SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the tables of a schema up to `POSTGRES_SCHEMA_VERSION`, in one transaction under an advisory lock. Of several
 * processes that start together, one does the work and the others find it done; one that is killed leaves nothing half
 * done. Throws `StorageError` for tables of a newer version or of another program.
 */
export async function migrate(database: Database, schema: string): Promise<void> {
  const current = await database.again((query) => version(query, schema, database.where));
  if (current === POSTGRES_SCHEMA_VERSION) return;
  const bringUp = database.transaction(async (query) => {
    await query("SELECT pg_advisory_xact_lock(hashtextextended($1, 12))", [`twelvefold.${schema}`]);
    const { rows } = await query("SELECT to_regnamespace($1) IS NOT NULL AS there", [schema]);
    if (rows[0]?.["there"] !== true) await query(`CREATE SCHEMA ${schema}`);
    const from = await version(query, schema, database.where);
    if (from === 0) {
      await query(
        `CREATE TABLE ${schema}.schema_version (version integer PRIMARY KEY, at timestamptz NOT NULL)`,
      );
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < from) continue;
      await query(migration);
      await query(`INSERT INTO ${schema}.schema_version VALUES (${index + 1}, now())`);
    }
  });
  await database.again(bringUp);
}

async function version(query: Query, schema: string, where: string): Promise<number> {
  const { rows } = await query(
    `SELECT to_regclass($1 || '.schema_version') IS NOT NULL AS versioned,
       EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1) AS tables`,
    [schema],
  );
  if (rows[0]?.["versioned"] !== true) {
    if (rows[0]?.["tables"] !== true) return 0;
    const message = `the schema ${schema} of the database ${where} holds the tables of another program; give the store a schema of its own`;
    throw new StorageError("storage_failed", message, { details: { database: where, schema } });
  }
  const found = await query(`SELECT coalesce(max(version), 0) AS version FROM ${schema}.schema_version`);
  const current = found.rows[0] === undefined ? 0 : number(found.rows[0], "version");
  if (current <= POSTGRES_SCHEMA_VERSION) return current;
  throw new StorageError(
    "storage_failed",
    `the database ${where} was written by a newer version (tables of version ${current}; this one knows ${POSTGRES_SCHEMA_VERSION}); update this package or use another schema`,
    { details: { database: where, schema, found: current, known: POSTGRES_SCHEMA_VERSION } },
  );
}
