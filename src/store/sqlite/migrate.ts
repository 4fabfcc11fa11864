import { StorageError } from "../../base/errors.ts";
import { threads } from "./migrations/0001-threads.ts";
import { valuesExpire } from "./migrations/0002-values-expire.ts";
import { threadStates } from "./migrations/0003-thread-states.ts";
import { valuesAbout } from "./migrations/0004-values-about.ts";
import { search } from "./migrations/0005-search.ts";
import { type SqlDatabase, type Statements, statementsOf } from "./port.ts";
import { transaction } from "./transaction.ts";

/** In order, numbered from 1. Never change a released migration: add another one. */
const MIGRATIONS: readonly string[] = [threads, valuesExpire, threadStates, valuesAbout, search];

/** The version of the tables that this version of the package reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the tables up to `SCHEMA_VERSION`, in one transaction that holds the write lock and reads the version inside
 * it. Of two processes, one waits and finds the work done; one that fails or is killed leaves the file as it was.
 * Throws `StorageError` for a database of a newer version or of another program.
 */
export function migrate(database: SqlDatabase, path: string): void {
  const sql = statementsOf(database);
  if (version(sql, path) === SCHEMA_VERSION) return;
  transaction(sql, "IMMEDIATE", () => {
    const from = version(sql, path);
    if (from === 0) {
      database.exec("CREATE TABLE schema_version (version INTEGER PRIMARY KEY, at TEXT NOT NULL)");
    }
    MIGRATIONS.slice(from).forEach((migration, index) => {
      database.exec(migration);
      database.exec(`INSERT INTO schema_version VALUES (${from + 1 + index}, datetime('now'))`);
    });
  });
}

function version(sql: Statements, path: string): number {
  const tables = sql("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === "schema_version")) {
    throw new StorageError(
      "storage_failed",
      `the database ${path} holds the tables of another program; give the store a file of its own`,
      { details: { path } },
    );
  }
  const found = sql("SELECT max(version) AS version FROM schema_version").get()?.["version"];
  const current = typeof found === "number" ? found : 0;
  if (current <= SCHEMA_VERSION) return current;
  throw new StorageError(
    "storage_failed",
    `the database ${path} was written by a newer version (tables of version ${current}; this one knows ${SCHEMA_VERSION}); update this package or use another file`,
    { details: { path, found: current, known: SCHEMA_VERSION } },
  );
}
