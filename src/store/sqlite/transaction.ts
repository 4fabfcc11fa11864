import type { Statements } from "./port.ts";

/**
 * Runs `work` in a transaction and commits it; rolls back and rethrows if anything fails. `IMMEDIATE` takes the write
 * lock at once: a transaction that first reads and then writes could only fail, not wait, if another writer came in
 * between. `DEFERRED` is for reads that belong together.
 */
export function transaction<T>(sql: Statements, mode: "IMMEDIATE" | "DEFERRED", work: () => T): T {
  sql(mode === "IMMEDIATE" ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED").run();
  try {
    const result = work();
    sql("COMMIT").run();
    return result;
  } catch (error) {
    rollBack(sql);
    throw error;
  }
}

function rollBack(sql: Statements): void {
  try {
    sql("ROLLBACK").run();
  } catch {
    // SQLite has already rolled back by itself, as it does when the disk is full.
  }
}
