import type { ThreadId } from "../../base/ids.ts";
import { keepLatest } from "../../base/keep-latest.ts";
import type { ThreadRow } from "./threads.ts";

/** The rows of threads that this process wrote or read last: an append to one of them need not read it first. */
export type ThreadCache = Map<ThreadId, ThreadRow>;

const CACHED_THREADS = 4096;

/** Keeps the row as this process has just written it. */
export function keep(cache: ThreadCache, id: ThreadId, row: ThreadRow): void {
  cache.delete(id);
  cache.set(id, row);
  keepLatest(cache, CACHED_THREADS);
}

/** Keeps a row that was read, unless a later one is known. A row that is out of date costs an append time, and no more. */
export function learn(cache: ThreadCache, id: ThreadId, row: ThreadRow | undefined): void {
  if (row === undefined) return;
  const known = cache.get(id);
  if (known === undefined || known.seq < row.seq) keep(cache, id, row);
}
