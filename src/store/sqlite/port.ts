/*
 * What the SQLite store needs of a driver: six methods. Everything is synchronous, as SQLite is: no other code of the
 * process runs during a transaction.
 */

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue | bigint>>;

export interface SqlStatement {
  /** Runs the statement and returns the number of changed rows. */
  run(...values: readonly SqlValue[]): number;
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
}

/** One connection. A failure throws an `Error` that carries SQLite's result code as `errcode`. */
export interface SqlDatabase {
  /** Runs one or more statements without values or results. */
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** Opens a database file; creates it if it is missing. */
export type SqliteDriver = (path: string) => SqlDatabase;

/** Prepares each statement once, when it is first used. */
export type Statements = (sql: string) => SqlStatement;

export function statementsOf(database: SqlDatabase): Statements {
  const prepared = new Map<string, SqlStatement>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
}
