import { DatabaseSync } from "node:sqlite";
import type { ThreadEvent } from "../src/thread/events.ts";

export interface HandWritten {
  append(threadId: string, event: ThreadEvent): void;
  close(): void;
}

/** What one writes by hand to keep events: one table, one INSERT, each in a transaction that is on disk at its end. */
export function handWritten(path: string): HandWritten {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
  database.exec(
    "CREATE TABLE events (thread TEXT, seq INTEGER, type TEXT, at TEXT, v INTEGER, data TEXT, PRIMARY KEY (thread, seq))",
  );
  const begin = database.prepare("BEGIN IMMEDIATE");
  const insert = database.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
  const commit = database.prepare("COMMIT");
  return {
    append(threadId, { seq, type, at, v, data }) {
      begin.run();
      insert.run(threadId, seq, type, at, v, JSON.stringify(data));
      commit.run();
    },
    close: () => database.close(),
  };
}
