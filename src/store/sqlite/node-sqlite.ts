import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqlDatabase, SqliteDriver } from "./port.ts";

/** The SQLite that is built into Node: no native install, and only one SQLite library in the process. */
export const nodeSqlite: SqliteDriver = (path) => portTo(new DatabaseSync(path));

export function portTo(database: DatabaseSync): SqlDatabase {
  return {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        run: (...values) => Number(statement.run(...values).changes),
        get: (...values) => readRows(statement, () => statement.get(...values)),
        all: (...values) => readRows(statement, () => statement.all(...values)),
      };
    },
    close: () => database.close(),
  };
}

/**
 * Node refuses all rows if one of them holds a number that is too large for it. Such a number was written by hand or by
 * another program; it is returned as a `bigint`, so that the reader of the rows can say which one it is.
 */
function readRows<T>(statement: StatementSync, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_OUT_OF_RANGE")) throw error;
  }
  statement.setReadBigInts(true);
  try {
    return read();
  } finally {
    statement.setReadBigInts(false);
  }
}
