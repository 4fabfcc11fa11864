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
import { type ExtendTogether, type Extension, extendThread } from "./extend.ts";
import { holds } from "./leases.ts";
import { number, threadId } from "./row.ts";
import { encodeText } from "./text.ts";
import { keep, type ThreadCache } from "./thread-cache.ts";
import { type Addition, createThread, lockThread, noThread, type ThreadRow } from "./threads.ts";

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

/** What appends of one process share. */
export interface Appender {
  readonly database: Database;
  readonly cache: ThreadCache;
  readonly extendTogether: ExtendTogether;
}

/**
 * Appends exactly once, however often the connection is lost. Random salts make the digest of each event unique, so
 * after a lost connection the digest of the last event tells whether this append was done.
 */
export async function append(
  appender: Appender,
  appending: Appending,
  options: Pick<AppendOptions, "once" | "claim" | "alongside">,
): Promise<AppendOutcome> {
  const { database, cache } = appender;
  const { threadId: id, events, expectedSeq } = appending;
  const known = options.once === undefined && expectedSeq > 0 ? cache.get(id) : undefined;
  cache.delete(id);
  let tried: { readonly row: ThreadRow } | undefined;
  const remember = (row: ThreadRow) => {
    tried = { row };
    return row;
  };
  let unclear = false;
  if (known?.seq === expectedSeq) {
    const addition = chainOn(known, appending);
    const row = remember(after(known, addition));
    const extended = await extendKnown(appender, { before: known, addition, claim: options.claim }, options);
    if (extended === true) {
      keep(cache, id, row);
      return { kind: "appended" };
    }
    unclear = extended === "unclear";
  }
  const work = (query: Query) => appendLocked(query, appending, options, remember);
  const { once, claim, alongside } = options;
  // To create a thread and nothing else is a single statement.
  const single = expectedSeq === 0 && once === undefined && claim === undefined && alongside === undefined;
  const outcome = await database.once<AppendOutcome>(
    single ? work : database.transaction(work),
    async (query) => {
      if (tried === undefined || events.length === 0) return undefined;
      const done = await hasEvent(query, id, tried.row.seq, tried.row.head);
      return done ? { value: { kind: "appended" } } : undefined;
    },
    unclear,
  );
  if (outcome.kind === "appended" && tried !== undefined) keep(cache, id, tried.row);
  return outcome;
}

/** Extends the thread in one statement, or in a transaction together with what is written alongside. */
async function extendKnown(
  { database, extendTogether }: Appender,
  extension: Extension,
  { alongside }: Pick<AppendOptions, "alongside">,
): Promise<boolean | "unclear"> {
  if (alongside === undefined) return extendTogether(extension);
  const both = database.transaction(async (query) => {
    const extended = await extendThread(query, extension);
    if (extended) await alongside(query);
    return extended;
  });
  const attempt = await database.attempt(both);
  return attempt.kind === "done" ? attempt.value : "unclear";
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
  const before = expectedSeq === 0 ? undefined : await lockThread(query, id);
  if (claim !== undefined && !(await holds(query, id, claim))) return refuse(query, { kind: "not_claimed" });
  if (expectedSeq === 0) {
    const addition = chainOn({ seq: 0, head: genesisDigest(id) }, appending);
    const created = await createThread(query, id, addition);
    if (created !== undefined) {
      remember(created);
      await alongside?.(query);
      return { kind: "appended" };
    }
    throw new SequenceConflictError(id, 0, (await lockThread(query, id))?.seq ?? 0);
  }
  if (before === undefined) throw noThread(id);
  if (before.seq !== expectedSeq) throw new SequenceConflictError(id, expectedSeq, before.seq);
  const addition = chainOn(before, appending);
  remember(after(before, addition));
  if (await extendThread(query, { before, addition, claim: undefined })) {
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
