import { setImmediate, setTimeout } from "node:timers";
import { ConflictError, NotFoundError, StorageError, UsageError } from "../../base/errors.ts";
import { isBusy, storageError } from "./errors.ts";
import type { SqlDatabase, Statements } from "./port.ts";
import { transaction } from "./transaction.ts";

/** What a commit must guarantee before the promises of its writes resolve. */
export type Durability =
  /** It is on disk. */
  | "synced"
  /** Other processes see it; a power failure may undo it. Enough for leases, whose holders it ends as well. */
  | "visible"
  /** It is on disk, and what it overwrote is gone from the write-ahead log. */
  | "scrubbed";

export interface CommitQueue {
  /**
   * Runs a write within the next transaction. `work` may throw a `UsageError`, `ConflictError` or `NotFoundError`, but
   * only before its first statement that writes; that fails this write alone. It may run more than once. `about` names
   * what is written, such as a thread's id: it tells a single writer from several.
   */
  write<T>(about: string, durability: Durability, work: () => T): Promise<T>;
  /** Runs reads; tries again after a while if another process is in the way. */
  read<T>(work: () => T): Promise<T>;
  /** Resolves when all earlier writes are settled; later ones fail. */
  close(): Promise<void>;
}

interface Job {
  readonly durability: Durability;
  /** Does the work and returns a function that settles its promise once the commit is done. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

const MAX_GROUP = 1000;

/** How many writes after seeing another writer expect more of them. */
const COMPANY_FOR = 8;

/** After how many commits a lone writer gives way to the rest of the process. */
const ALONE_FOR = 16;

/**
 * Group commit. While several writers are at work, writes wait for the end of the event loop's turn and share a
 * transaction, and with it the wait for the disk: with 64 threads at work, most commits carry dozens of appends. A lone
 * writer starts at once, because waiting for the turn would cost it a tenth of its time.
 *
 * `onRollback` is called if nothing of the last transaction was written. `lockTimeout` is how long to wait in all, in
 * ms, for another process's lock.
 */
export function createCommitQueue(
  database: SqlDatabase,
  sql: Statements,
  options: { readonly path: string; readonly lockTimeout: number; readonly onRollback: () => void },
): CommitQueue {
  let queue: Job[] = [];
  let scheduled = false;
  let closed = false;
  let waited = 0;
  let lastAbout: string | undefined;
  let company = 0;
  let alone = 0;

  const expectCompany = (about: string) => {
    const another = lastAbout !== undefined && lastAbout !== about;
    company = another ? COMPANY_FOR : Math.max(0, company - 1);
    lastAbout = about;
  };

  const schedule = () => {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    alone = company > 0 || alone === ALONE_FOR ? 0 : alone + 1;
    if (alone === 0) setImmediate(flush);
    else queueMicrotask(flush);
  };

  const flush = () => {
    scheduled = false;
    const group = queue.splice(0, MAX_GROUP);
    const left = attempt(group);
    if (left.length > 0) {
      queue = [...left, ...queue];
      scheduled = true;
      const delay = backOff(waited);
      waited += delay;
      setTimeout(flush, delay);
    } else {
      waited = 0;
      schedule();
    }
  };

  /** Commits the jobs together or, if that fails, each on its own. Returns those that must be tried again later. */
  const attempt = (group: readonly Job[]): readonly Job[] => {
    let settled: readonly (() => void)[];
    try {
      settled = commit(group);
    } catch (error) {
      options.onRollback();
      if (isBusy(error) && waited < options.lockTimeout) return group;
      const [only] = group;
      if (group.length > 1 || only === undefined) return group.flatMap((job) => attempt([job]));
      only.fail(storageError(error, options.path));
      return [];
    }
    if (group.some((job) => job.durability === "scrubbed")) scrub(sql);
    for (const settle of settled) settle();
    return [];
  };

  const commit = (group: readonly Job[]): readonly (() => void)[] => {
    const unsynced = group.every((job) => job.durability === "visible");
    // Not prepared: SQLite applies this when it compiles the statement, not when it runs it.
    if (unsynced) database.exec("PRAGMA synchronous = NORMAL");
    try {
      return transaction(sql, "IMMEDIATE", () => group.map(runJob));
    } finally {
      if (unsynced) database.exec("PRAGMA synchronous = FULL");
    }
  };

  const submit = <T>(durability: Durability, work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const run = () => {
        const value = work();
        return () => resolve(value);
      };
      queue.push({ durability, run, fail: reject });
      schedule();
    });

  return {
    write(about, durability, work) {
      if (closed) return Promise.reject(closedError(options.path));
      expectCompany(about);
      return submit(durability, work);
    },
    async read(work) {
      for (let waited = 0; ; ) {
        if (closed) throw closedError(options.path);
        try {
          return work();
        } catch (error) {
          if (!isBusy(error) || waited >= options.lockTimeout) throw storageError(error, options.path);
        }
        const delay = backOff(waited);
        waited += delay;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    },
    async close() {
      closed = true;
      if (queue.length > 0) await submit("visible", () => undefined);
    },
  };
}

function runJob(job: Job): () => void {
  try {
    return job.run();
  } catch (error) {
    if (refuses(error)) return () => job.fail(error);
    throw error;
  }
}

/** True if the write itself refuses; the transaction it belongs to may go on. */
function refuses(error: unknown): boolean {
  return error instanceof ConflictError || error instanceof NotFoundError || error instanceof UsageError;
}

/** Best effort, because the commit is done: while another process reads, the log stays until a later checkpoint. */
function scrub(sql: Statements): void {
  try {
    sql("PRAGMA wal_checkpoint(TRUNCATE)").run();
  } catch {
    // The next checkpoint does it.
  }
}

/** Grows from about 5 to about 100 ms; random, so that two processes do not stay in step. */
function backOff(waited: number): number {
  return (0.5 + Math.random() / 2) * Math.min(100, 10 + waited / 2);
}

function closedError(path: string): StorageError {
  return new StorageError("storage_failed", `the store ${path} is closed`, { details: { path } });
}
