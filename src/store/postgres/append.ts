import { SequenceConflictError, StorageError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { SearchText } from "../../base/search-words.ts";
import { genesisDigest, linkDigest } from "../../thread/chain.ts";
import type { ThreadProjection } from "../../thread/projection.ts";
import type { ThreadState } from "../../thread/state.ts";
import type { EncodedEvent } from "../encode.ts";
import { stateToKeep } from "../kept-states.ts";
import type { AppendOptions, AppendOutcome } from "../store.ts";
import type { Database, Query } from "./database.ts";
import { hasEvent } from "./events.ts";
import { holds } from "./leases.ts";
import { number, threadId } from "./row.ts";
import { encodeText } from "./text.ts";
import {
  type Addition,
  createThread,
  extendThread,
  lockThread,
  noThread,
  type ThreadRow,
} from "./threads.ts";

/** The rows of the threads that this process wrote last: an append to one of them need not read it first. */
export type ThreadCache = Map<ThreadId, ThreadRow>;

const CACHED_THREADS = 4096;

export interface Appending {
  readonly threadId: ThreadId;
  readonly expectedSeq: number;
  readonly events: readonly EncodedEvent[];
  readonly projection: ThreadProjection;
  /** See `AppendOptions`. */
  readonly texts?: readonly SearchText[] | undefined;
  /** The thread's state before the events, if it is known. */
  readonly before?: ThreadState | undefined;
}

/**
 * Appends exactly once, however often the connection is lost. Random salts make the digest of each event unique, so
 * after a lost connection the digest of the last event tells whether this append was done.
 */
export function append(
  database: Database,
  cache: ThreadCache,
  appending: Appending,
  options: Pick<AppendOptions, "once" | "claim" | "alongside">,
): Promise<AppendOutcome> {
  const { threadId: id, events, expectedSeq } = appending;
  let tried: { readonly row: ThreadRow } | undefined;
  const remember = (row: ThreadRow) => {
    tried = { row };
    return row;
  };
  const slowly = database.transaction((query) => appendLocked(query, appending, options, remember));
  const work = async (query: Query): Promise<AppendOutcome> => {
    const known = options.once === undefined ? cache.get(id) : undefined;
    if (known?.seq === expectedSeq && expectedSeq > 0) {
      const addition = chainOn(known, appending);
      const row = remember(after(known, addition));
      if (await extendKnown(database, query, { known, addition, options })) {
        keep(cache, id, row);
        return { kind: "appended" };
      }
      cache.delete(id);
    }
    const outcome = await slowly(query);
    if (outcome.kind === "appended" && tried !== undefined) keep(cache, id, tried.row);
    return outcome;
  };
  return database.once(work, async (query) => {
    cache.delete(id);
    if (tried === undefined || events.length === 0) return undefined;
    const done = await hasEvent(query, id, tried.row.seq, tried.row.head);
    return done ? { value: { kind: "appended" } } : undefined;
  });
}

/** Extends the thread in one statement, or in a transaction together with what is written alongside. */
async function extendKnown(
  database: Database,
  query: Query,
  extending: {
    readonly known: ThreadRow;
    readonly addition: Addition;
    readonly options: Pick<AppendOptions, "claim" | "alongside">;
  },
): Promise<boolean> {
  const { known, addition, options } = extending;
  const { alongside } = options;
  const extend = (run: Query) => extendThread(run, known, addition, options.claim);
  if (alongside === undefined) return extend(query);
  const both = async (run: Query) => {
    const extended = await extend(run);
    if (extended) await alongside(run);
    return extended;
  };
  return database.transaction(both)(query);
}

async function appendLocked(
  query: Query,
  appending: Appending,
  { once, claim, alongside }: Pick<AppendOptions, "once" | "claim" | "alongside">,
  remember: (row: ThreadRow) => void,
): Promise<AppendOutcome> {
  const { threadId: id, expectedSeq, events } = appending;
  if (once !== undefined) {
    const first = await useKey(query, once, id, expectedSeq + events.length);
    if (first !== undefined) return first;
  }
  const before = await lockThread(query, id);
  if (claim !== undefined && !(await holds(query, id, claim))) return refuse(query, { kind: "not_claimed" });
  if (expectedSeq === 0) {
    const addition = chainOn({ seq: 0, head: genesisDigest(id) }, appending);
    const created = before === undefined ? await createThread(query, id, addition) : undefined;
    if (created !== undefined) {
      remember(created);
      await alongside?.(query);
      return { kind: "appended" };
    }
    const row = before ?? (await lockThread(query, id));
    throw new SequenceConflictError(id, 0, row?.seq ?? 0);
  }
  if (before === undefined) throw noThread(id);
  if (before.seq !== expectedSeq) throw new SequenceConflictError(id, expectedSeq, before.seq);
  const addition = chainOn(before, appending);
  remember(after(before, addition));
  if (await extendThread(query, before, addition)) {
    await alongside?.(query);
    return { kind: "appended" };
  }
  throw new StorageError("storage_failed", `thread ${id} changed while it was locked`);
}

/** Takes the key. If it is used already, returns what it was used for. Waits for anybody who is about to use it. */
async function useKey(
  query: Query,
  once: string,
  id: ThreadId,
  seq: number,
): Promise<AppendOutcome | undefined> {
  const key = encodeText(once);
  for (;;) {
    const { count } = await query(
      "INSERT INTO once (key, thread, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      [key, id, seq],
    );
    if (count === 1) return undefined;
    const { rows } = await query("SELECT thread, seq FROM once WHERE key = $1", [key]);
    // No row: the thread that it was used for has just been deleted.
    if (rows[0] === undefined) continue;
    return { kind: "duplicate", threadId: threadId(rows[0], "thread"), seq: number(rows[0], "seq") };
  }
}

/** Undoes a transaction whose outcome is not an error: a key that it took is free again. */
async function refuse(query: Query, outcome: AppendOutcome): Promise<AppendOutcome> {
  await query("ROLLBACK");
  await query("BEGIN");
  return outcome;
}

function chainOn(before: Pick<ThreadRow, "seq" | "head">, appending: Appending): Addition {
  const { threadId, events, projection, texts, before: state } = appending;
  let previous = before.head;
  const digests = events.map((event) => {
    previous = linkDigest(previous, event.seq, event, event.content);
    return previous;
  });
  const after = { seq: before.seq + events.length, atRest: projection.status !== "running" };
  const kept =
    state === undefined || before.seq === 0 ? undefined : stateToKeep(threadId, before, state, after);
  return { events, digests, projection, texts, kept };
}

function after({ key, seq, head }: ThreadRow, { events, digests }: Addition): ThreadRow {
  return { key, seq: seq + events.length, head: digests.at(-1) ?? head };
}

function keep(cache: ThreadCache, id: ThreadId, row: ThreadRow): void {
  cache.delete(id);
  cache.set(id, row);
  if (cache.size <= CACHED_THREADS) return;
  for (const oldest of cache.keys()) {
    cache.delete(oldest);
    return;
  }
}
