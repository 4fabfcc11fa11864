/*
 * Opens a store on a new file. With a number N as the second argument, it kills itself instead of the Nth statement;
 * when there are fewer statements, it ends as usual.
 */
import { nodeSqlite } from "../../../src/store/sqlite/node-sqlite.ts";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import type { SqliteDriver } from "../../../src/store/sqlite/port.ts";

const [path = "", last = "Infinity"] = process.argv.slice(2);
let statements = 0;

function count(): void {
  statements += 1;
  if (statements === Number(last)) process.kill(process.pid, "SIGKILL");
}

const driver: SqliteDriver = (file) => {
  const database = nodeSqlite(file);
  return {
    ...database,
    exec(sql) {
      // A migration is one text with many statements.
      for (const one of sql.split(";").filter((part) => part.trim() !== "")) {
        count();
        database.exec(one);
      }
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        ...statement,
        run(...values) {
          count();
          return statement.run(...values);
        },
      };
    },
  };
};

const store = await openSqliteStore(path, { driver });
await store.setValue("opened by", String(process.pid), undefined);
await store.close();
process.stdout.write(`${JSON.stringify({ statements })}\n`);
