import { NotFoundError, SequenceConflictError, UsageError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import { keepLatest } from "../../base/keep-latest.ts";
import { type SearchText, spaceOut } from "../../base/search-words.ts";
import { genesisDigest, linkDigest } from "../../thread/chain.ts";
import type { EncodedEvent } from "../encode.ts";
import type { AppendOptions, ThreadProjection } from "../store.ts";
import { holds } from "./leases.ts";
import type { SqlRow, SqlValue, Statements } from "./port.ts";
import {
  bytes,
  hex,
  number,
  numberOrNull,
  principalOrNull,
  statusKind,
  text,
  textOrNull,
  threadId,
  timeOrNull,
} from "./row.ts";

/** An event's id is its thread's key times this, plus its number. */
export const EVENTS_PER_THREAD = 2 ** 20;

/** How often, in ms, a working thread's place in lists is updated while only its number of events changes. */
const LISTED_EVERY = 10_000;

/** A digest in the form of the chain and in the form of the database. */
interface Digest {
  readonly hex: string;
  readonly bytes: Uint8Array;
}

/** The parts of a thread's row that an append needs. */
export interface ThreadRow {
  readonly key: number;
  readonly seq: number;
  /** Whether only the events up to `told` have their texts. */
  readonly untold: boolean;
  readonly told: number;
  /** The digest of the last event. */
  readonly head: Digest;
  readonly listedAt: number;
  readonly wantedSince: number | null;
  /** `null` if somebody has written something else into the row; it is rewritten. */
  readonly projection: ThreadProjection | null;
}

/** The rows of the threads that this process wrote last: an append to one of them need not read it first. */
export type ThreadCache = Map<ThreadId, ThreadRow>;

const CACHED_THREADS = 4096;

/** The thread's row, or `undefined`. */
export function loadThread(sql: Statements, id: ThreadId): ThreadRow | undefined {
  const row = sql("SELECT * FROM threads WHERE id = ?").get(id);
  return row === undefined
    ? undefined
    : {
        key: number(row, "key"),
        seq: number(row, "seq"),
        untold: row["untold"] !== 0,
        told: number(row, "told"),
        head: digest(hex(row, "head")),
        listedAt: number(row, "listed_at"),
        wantedSince: numberOrNull(row, "wanted_since"),
        projection: projectionOrNull(row),
      };
}

/** A column edited by hand must not keep anybody from the events. */
function projectionOrNull(row: SqlRow): ThreadProjection | null {
  try {
    return projectionIn(row);
  } catch {
    return null;
  }
}

/** The columns that `projectionOf` fills, except that `tokens` follows by itself. */
export function projectionIn(row: SqlRow): ThreadProjection {
  return {
    agent: text(row, "agent"),
    status: statusKind(row, "status"),
    title: text(row, "title"),
    subject: text(row, "subject"),
    requester: principalOrNull(row, "requester"),
    tokens: number(row, "tokens"),
    wantsAdvance: row["wanted_since"] !== null,
    wakeAt: timeOrNull(row, "wake_at"),
    pendingRequest: numberOrNull(row, "pending_request"),
    awaitedEvent: textOrNull(row, "awaited_event"),
    parentThreadId: row["parent_id"] === null ? null : threadId(row, "parent_id"),
  };
}

export function noThread(id: ThreadId): NotFoundError {
  return new NotFoundError(`there is no thread ${id}`, { threadId: id });
}

/** What an append writes. */
export interface Addition {
  readonly threadId: ThreadId;
  readonly expectedSeq: number;
  readonly events: readonly EncodedEvent[];
  readonly projection: ThreadProjection;
  /** What can be found of the events; `undefined`: the texts come later. */
  readonly texts: readonly SearchText[] | undefined;
  /** The lease without which nothing is written. */
  readonly claim?: AppendOptions["claim"] | undefined;
}

/** What came of an append: the thread's row before it (`undefined` for a new thread), or nothing was written. */
export type Written =
  | { readonly kind: "written"; readonly before: ThreadRow | undefined }
  | { readonly kind: "not_claimed" };

/**
 * Writes events and their projection. Call it within a transaction. Throws `SequenceConflictError`, `NotFoundError` or
 * `UsageError` before anything is written.
 */
export function writeEvents(sql: Statements, cache: ThreadCache, addition: Addition): Written {
  const { threadId: id, expectedSeq, events, claim } = addition;
  if (expectedSeq + events.length >= EVENTS_PER_THREAD) throw tooLong(id);
  const cached = cache.get(id);
  if (cached?.seq === expectedSeq && extend(sql, cache, cached, addition))
    return { kind: "written", before: cached };
  if (claim !== undefined && !holds(sql, id, claim)) return { kind: "not_claimed" };
  const current = loadThread(sql, id);
  if (current === undefined) {
    if (expectedSeq > 0) throw noThread(id);
    create(sql, cache, addition);
    return { kind: "written", before: undefined };
  }
  if (current.seq !== expectedSeq) throw new SequenceConflictError(id, expectedSeq, current.seq);
  if (!extend(sql, cache, current, addition)) throw new Error(`thread ${id} changed within a transaction`);
  return { kind: "written", before: current };
}

/** A thread's row is changed only where it is as it was before, and its lease, if one is asked for, is held. */
const GUARD = "WHERE key = ? AND seq = ? AND head = ?";
const HELD = "AND EXISTS (SELECT 1 FROM leases WHERE thread = threads.key AND owner = ? AND until > ?)";
const COUNTED = "UPDATE threads SET seq = ?, tokens = ?, head = ?, updated_at = ?";
const CHANGED = `UPDATE threads SET seq = ?, untold = ?, told = ?, head = ?, updated_at = coalesce(?, updated_at),
  listed_at = ?, agent = ?, status = ?, title = ?, subject = ?, requester = ?, tokens = ?, wanted_since = ?, wake_at = ?,
  pending_request = ?, awaited_event = ?, parent_id = ?`;
const UPDATES = {
  counted: { free: `${COUNTED} ${GUARD}`, held: `${COUNTED} ${GUARD} ${HELD}` },
  changed: { free: `${CHANGED} ${GUARD}`, held: `${CHANGED} ${GUARD} ${HELD}` },
};

/**
 * Extends a thread that is in the state `before`. Returns false, changing nothing, if another process has written to it
 * since, or the lease is not held.
 */
function extend(
  sql: Statements,
  cache: ThreadCache,
  before: ThreadRow,
  { threadId: id, events, projection, texts, claim }: Addition,
): boolean {
  const digests = chainOn(before.head.hex, events);
  const seq = before.seq + events.length;
  // Texts after a gap come with those of the gap.
  const untold = before.untold || (texts === undefined && events.length > 0);
  const told = untold && !before.untold ? before.seq : before.told;
  const head = digests.at(-1) ?? before.head;
  const lease = claim === undefined ? [] : [claim.owner, claim.past];
  const guard = [before.key, before.seq, before.head.bytes, ...lease];
  const on = claim === undefined ? "free" : "held";
  const time = events.at(-1)?.time;
  let { listedAt, wantedSince } = before;
  let changed: number;
  if (
    time !== undefined &&
    untold === before.untold &&
    Math.abs(time - listedAt) < LISTED_EVERY &&
    equals(before.projection, projection)
  ) {
    changed = sql(UPDATES.counted[on]).run(seq, projection.tokens, head.bytes, time, ...guard);
  } else {
    listedAt = time ?? listedAt;
    wantedSince = projection.wantsAdvance ? (wantedSince ?? listedAt) : null;
    changed = sql(UPDATES.changed[on]).run(
      seq,
      untold ? 1 : 0,
      told,
      head.bytes,
      time ?? null,
      listedAt,
      ...columns(projection, wantedSince),
      ...guard,
    );
  }
  if (changed === 0) return false;
  insertEvents(sql, before.key, { events, digests, texts: untold ? undefined : texts });
  remember(cache, id, { key: before.key, seq, untold, told, head, listedAt, wantedSince, projection });
  return true;
}

function create(
  sql: Statements,
  cache: ThreadCache,
  { threadId: id, events, projection, texts }: Addition,
): void {
  const digests = chainOn(genesisDigest(id), events);
  const head = digests.at(-1) ?? digest("");
  const createdAt = events[0]?.time ?? 0;
  const listedAt = events.at(-1)?.time ?? createdAt;
  const wantedSince = projection.wantsAdvance ? listedAt : null;
  const untold = texts === undefined;
  const row = sql(
    `INSERT INTO threads (id, seq, untold, head, created_at, updated_at, listed_at, agent, status, title, subject,
       requester, tokens, wanted_since, wake_at, pending_request, awaited_event, parent_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING key`,
  ).get(
    id,
    events.length,
    untold ? 1 : 0,
    head.bytes,
    createdAt,
    listedAt,
    listedAt,
    ...columns(projection, wantedSince),
  );
  const key = row === undefined ? 0 : number(row, "key");
  insertEvents(sql, key, { events, digests, texts });
  remember(cache, id, { key, seq: events.length, untold, told: 0, head, listedAt, wantedSince, projection });
}

function insertEvents(
  sql: Statements,
  key: number,
  {
    events,
    digests,
    texts = [],
  }: {
    readonly events: readonly EncodedEvent[];
    readonly digests: readonly Digest[];
    readonly texts: readonly SearchText[] | undefined;
  },
): void {
  const insert = sql(
    "INSERT INTO events (id, type, v, at, data, salt, digest, said) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const said = new Map(texts.map((one) => [one.seq, spaceOut(one.text)]));
  events.forEach(({ seq, type, v, at, text, salt }, index) => {
    const id = key * EVENTS_PER_THREAD + seq;
    insert.run(id, type, v, at, text, salt, digests[index]?.bytes ?? null, said.get(seq) ?? null);
  });
}

function chainOn(head: string, events: readonly EncodedEvent[]): readonly Digest[] {
  let previous = head;
  return events.map((event) => {
    previous = linkDigest(previous, event.seq, event, event.content);
    return digest(previous);
  });
}

function digest(hexText: string): Digest {
  return { hex: hexText, bytes: bytes(hexText) };
}

function columns(projection: ThreadProjection, wantedSince: number | null): readonly SqlValue[] {
  const { agent, status, title, subject, requester, tokens } = projection;
  const { wakeAt, pendingRequest, awaitedEvent, parentThreadId } = projection;
  const who = requester === null ? null : JSON.stringify(requester);
  const life = [wantedSince, wakeAt, pendingRequest, awaitedEvent, parentThreadId];
  return [agent, status, title, subject, who, tokens, ...life];
}

function equals(a: ThreadProjection | null, b: ThreadProjection): boolean {
  return (
    a !== null &&
    a.status === b.status &&
    a.wantsAdvance === b.wantsAdvance &&
    a.title === b.title &&
    a.subject === b.subject &&
    (a.requester === b.requester || JSON.stringify(a.requester) === JSON.stringify(b.requester)) &&
    a.wakeAt === b.wakeAt &&
    a.pendingRequest === b.pendingRequest &&
    a.awaitedEvent === b.awaitedEvent &&
    a.agent === b.agent &&
    a.parentThreadId === b.parentThreadId
  );
}

function remember(cache: ThreadCache, id: ThreadId, row: ThreadRow): void {
  cache.delete(id);
  cache.set(id, row);
  keepLatest(cache, CACHED_THREADS);
}

function tooLong(id: ThreadId): UsageError {
  return new UsageError(
    "invalid_argument",
    `thread ${id} is full: it holds at most ${EVENTS_PER_THREAD - 1} events`,
    {
      details: { threadId: id },
    },
  );
}
