import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { StorageError, type TwelvefoldError } from "../../base/errors.ts";
import { callQuietly } from "../../base/hooks.ts";
import { isConnectionError, isRetryable, storageError } from "./errors.ts";
import type { Row } from "./row.ts";

export interface SqlResult {
  readonly rows: readonly Row[];
  /** The number of rows that were changed or found. */
  readonly count: number;
}

/**
 * Runs one statement. Values are texts, numbers, booleans, bytes, null, and lists of them. A statement with a name, always the
 * same for the same text, is planned once for each connection.
 */
export type Query = (sql: string, values?: readonly unknown[], name?: string) => Promise<SqlResult>;

/** The result of work that was done although the connection was lost before the answer came. */
export interface Found<T> {
  readonly value: T;
}

/** A pool of connections that outlives restarts of the server. */
export interface Database {
  /** Which database, for messages: without user and password. */
  readonly where: string;
  /**
   * Does work that may be done twice, and repeats it as long as the server cannot be reached. Throws `StorageError` if
   * that lasts too long, or for any other failure.
   */
  again<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** Does work in a single try, and reports how it ended. Rejects only once the database is closed. */
  attempt<T>(work: (query: Query) => Promise<T>): Promise<Attempt<T>>;
  /**
   * Does work that must be done once. If a lost connection leaves it open whether it was done, `found` returns its
   * result if it was. Called before the work is tried again, and after. `unclear`: an earlier try elsewhere may have done it.
   */
  once<T>(
    work: (query: Query) => Promise<T>,
    found: (query: Query) => Promise<Found<T> | undefined>,
    unclear?: boolean,
  ): Promise<T>;
  /** Wraps work in one transaction, to pass it to `again` or `once`. */
  transaction<T>(work: (query: Query) => Promise<T>): (query: Query) => Promise<T>;
  /** Resolves once all work that was begun is done; later work is refused. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly connectionString: string;
  readonly schema: string;
  readonly connections: number;
  /** True if statements with names are planned once for all values, whatever these are. */
  readonly planOnce?: boolean | undefined;
  /** How long to wait, in ms, for a server that cannot be reached. */
  readonly patience: number;
  /** How long, in ms, one statement may take. */
  readonly answerWithin: number;
  /** Called when a call has waited for the server for a second, once until a call is answered again. May not throw. */
  readonly onOutage?: ((error: TwelvefoldError) => void) | undefined;
}

/**
 * A plan made once is kept as long as its connection: one that was made while a table was small must not read all of it once it
 * has grown.
 */
const PLAN_ONCE = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off";

/** How long to wait, in ms, for a new connection, or for a busy one to become free. */
const CONNECT_MS = 5_000;

/** How long, in ms, a call waits for the server before somebody is told. */
const OUTAGE_MS = 1_000;

export function createDatabase(options: DatabaseOptions): Database {
  const { connectionString, schema, connections, patience, answerWithin, planOnce = false } = options;
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // A connection that stands still counts as lost.
    query_timeout: answerWithin,
    application_name: "twelvefold",
    // The schema consists of letters, digits and _: that is checked when the store is opened.
    options: `-c search_path=${schema} -c synchronous_commit=on -c idle_in_transaction_session_timeout=15000 -c jit=off${planOnce ? PLAN_ONCE : ""}`,
  });
  // A connection that breaks while it is idle leaves the pool; the next caller gets another one.
  pool.on("error", () => {});
  // The pool takes its own listener away when it gives a connection up. What the server says then, while it dies, would end
  // the process: Node throws an error event that nobody listens to.
  pool.on("connect", (client) => client.on("error", () => {}));
  const where = describeAddress(connectionString);
  const running = new Set<Promise<unknown>>();
  let isOutageTold = false;
  let closing: Promise<void> | undefined;

  const withConnection = async <T>(work: (query: Query) => Promise<T>): Promise<Attempt<T>> => {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      return { kind: "not_begun", error };
    }
    // Between two statements nothing else listens.
    const ignore = () => {};
    client.on("error", ignore);
    let broken: Error | undefined;
    try {
      const query: Query = async (text, values = [], name) => {
        const { rows, rowCount } = await client.query<Row>({ name, text, values: [...values] });
        return { rows, count: rowCount ?? 0 };
      };
      return { kind: "done", value: await work(query) };
    } catch (error) {
      if (isConnectionError(error)) broken = error instanceof Error ? error : new Error(String(error));
      return { kind: "failed", error };
    } finally {
      client.off("error", ignore);
      client.release(broken);
    }
  };

  const persist = async <T>(
    work: (query: Query) => Promise<T>,
    find?: (query: Query) => Promise<Found<T> | undefined>,
    unclear = false,
  ): Promise<T> => {
    // Whether an attempt may have been done, or may still be under way: its connection was lost.
    let lost = unclear;
    for (let waited = 0; ; ) {
      const doubtful = lost;
      const attempt = await withConnection(async (query) => {
        const before = doubtful ? await find?.(query) : undefined;
        if (before !== undefined) return before.value;
        try {
          const value = await work(query);
          return doubtful ? ((await find?.(query)) ?? { value }).value : value;
        } catch (error) {
          // The server may have finished the earlier attempt after it was looked for.
          const meanwhile = doubtful && !isConnectionError(error) ? await find?.(query) : undefined;
          if (meanwhile !== undefined) return meanwhile.value;
          throw error;
        }
      });
      if (attempt.kind === "done") {
        isOutageTold = false;
        return attempt.value;
      }
      const { error } = attempt;
      if (attempt.kind === "failed" && isConnectionError(error)) lost = true;
      const mayHelp = isConnectionError(error) || isRetryable(error);
      if (!mayHelp || waited >= patience || (closing !== undefined && waited >= 1_000)) {
        throw storageError(error, where);
      }
      const delay = Math.min(Math.max(20, waited), 1_000, Math.max(1, patience - waited));
      waited += delay;
      if (waited >= OUTAGE_MS && !isOutageTold) {
        isOutageTold = true;
        callQuietly(() => options.onOutage?.(storageError(error, where)));
      }
      await setTimeout(delay);
    }
  };

  const track = <T>(work: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) {
      return Promise.reject(new StorageError("storage_failed", `the database ${where} is closed`));
    }
    const result = work();
    running.add(result);
    const forget = () => running.delete(result);
    result.then(forget, forget);
    return result;
  };

  return {
    where,
    again: (work) => track(() => persist(work)),
    attempt: (work) => track(() => withConnection(work)),
    once: (work, found, unclear) => track(() => persist(work, found, unclear)),
    transaction: (work) => async (query) => {
      await query("BEGIN");
      try {
        const value = await work(query);
        await query("COMMIT");
        return value;
      } catch (error) {
        if (!isConnectionError(error)) await query("ROLLBACK").catch(() => {});
        throw error;
      }
    },
    close() {
      closing ??= Promise.resolve().then(async () => {
        await Promise.allSettled(running);
        await pool.end();
      });
      return closing;
    },
  };
}

/** How a single try ended. */
export type Attempt<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "not_begun"; readonly error: unknown }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * Parses the address of a database. It may leave out the host, for a socket, which no other URL may. Throws
 * `TypeError`.
 */
export function parseAddress(connectionString: string): URL {
  return new URL(connectionString.replace("@/", "@localhost/"));
}

/** The database that an address names, without user and password. */
export function describeAddress(connectionString: string): string {
  try {
    const { hostname, port, pathname, searchParams } = parseAddress(connectionString);
    const host = searchParams.get("host") ?? (hostname || "localhost");
    return `${decodeURIComponent(pathname.slice(1)) || "(default)"} at ${host}${port === "" ? "" : `:${port}`}`;
  } catch {
    return "(PostgreSQL)";
  }
}
