import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { StorageError, UsageError } from "../../base/errors.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { checkNames } from "../../base/options.ts";
import type { ThreadStore } from "../store.ts";
import { isBusy, storageError } from "./errors.ts";
import { migrate } from "./migrate.ts";
import { nodeSqlite } from "./node-sqlite.ts";
import type { SqlDatabase, SqliteDriver } from "./port.ts";
import { sqliteStore } from "./store.ts";

export type { SqlDatabase, SqliteDriver, SqlRow, SqlStatement, SqlValue } from "./port.ts";

export interface SqliteStoreOptions {
  /** How long to wait for another process's lock before giving up, in ms. Default 30,000. */
  readonly lockTimeout?: number;
  /** The SQLite to use. Default: the one built into Node. */
  readonly driver?: SqliteDriver;
}

/**
 * Opens the store in an SQLite file. Creates the file (readable by its owner only) and its folders if they are missing, and
 * brings its tables up to date. Several processes on one machine may open the same file; SQLite's write-ahead log needs
 * shared memory and does not work on network file systems. Throws `StorageError` if the file is not a database of this
 * package, or is of a newer version.
 *
 * @example
 * const store = await openSqliteStore(".twelvefold/threads.db");
 * const runtime = createRuntime({ agents: [calculator], store });
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<ThreadStore> {
  checkNames("openSqliteStore", { lockTimeout: true, driver: true }, options);
  if (path === "" || path.startsWith(":") || path.startsWith("file:")) {
    throw new UsageError(
      "invalid_argument",
      `"${path}" is not the path of a file; for one in memory use createMemoryStore`,
    );
  }
  const { lockTimeout = 30_000, driver = nodeSqlite } = options;
  const file = resolve(path);
  for (let waited = 0; ; waited += 50) {
    try {
      return sqliteStore(open(file, driver), { path: file, lockTimeout });
    } catch (error) {
      if (!isBusy(error) || waited >= lockTimeout) throw storageError(error, file);
    }
    await setTimeout(50);
  }
}

function open(path: string, driver: SqliteDriver): SqlDatabase {
  createFile(path);
  const database = driver(path);
  try {
    configure(database, path);
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Keeps other users out, because threads hold private data. SQLite gives its log the permissions of the file. */
function createFile(path: string): void {
  if (existsSync(path)) return;
  const folder = dirname(path);
  const created = makeFolder(folder, 0o700);
  closeSync(openSync(path, "a", 0o600));
  // SQLite syncs the folder that holds the file; new folders above it must be on disk before the first event
  // is.
  if (created !== undefined) {
    for (let parent = folder; parent.length >= created.length; parent = dirname(parent))
      syncFolder(dirname(parent));
  }
}

function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // Some systems cannot open folders; they write them by themselves.
  }
}

function configure(database: SqlDatabase, path: string): void {
  // Short, because it blocks the whole process; anything longer is waited for without blocking.
  database.exec("PRAGMA busy_timeout = 50");
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode !== "wal") {
    throw new StorageError(
      "storage_failed",
      `the database ${path} cannot use a write-ahead log (its mode is ${mode})`,
    );
  }
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
  `);
}
