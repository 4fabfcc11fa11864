import { DatabaseSync } from "node:sqlite";
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
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      };
    },
    close: () => database.close(),
  };
}
