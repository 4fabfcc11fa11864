import { isoTime } from "../../base/clock.ts";
import { NotFoundError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { SearchText } from "../../base/search-words.ts";
import { FOLD_VERSION } from "../../thread/kept-state.ts";
import type { ThreadProjection } from "../../thread/projection.ts";
import type { EncodedEvent } from "../encode.ts";
import type { KeptState } from "../kept-states.ts";
import type { ThreadSummary } from "../store.ts";
import type { Query } from "./database.ts";
import {
  hex,
  number,
  principalOrNull,
  type Row,
  statusKind,
  text,
  textOrNull,
  threadId,
  time,
  timeOrNull,
} from "./row.ts";
import { insertTexts, textColumns } from "./search-texts.ts";
import { encodeText } from "./text.ts";

/** How often, in ms, a working thread's place in lists is updated while only its number of events changes. */
const LISTED_EVERY = 10_000;

/** The parts of a thread that an append needs. */
export interface ThreadRow {
  readonly key: number;
  readonly seq: number;
  /** The digest of the last event, in hex. */
  readonly head: string;
}

/** What an append writes: events with their digests in the chain. */
export interface Addition {
  readonly events: readonly EncodedEvent[];
  /** In hex, one per event. */
  readonly digests: readonly string[];
  readonly projection: ThreadProjection;
  /** What can be found of the events; `undefined`: the thread is to be indexed later. */
  readonly texts?: readonly SearchText[] | undefined;
  /** The state before the events, where it is to be kept. */
  readonly kept?: KeptState | undefined;
}

/** The thread's row, locked until the transaction ends; `undefined` if there is none. */
export async function lockThread(query: Query, id: ThreadId): Promise<ThreadRow | undefined> {
  const { rows } = await query("SELECT key, seq, head FROM threads WHERE id = $1 FOR UPDATE", [id]);
  return rows[0] === undefined ? undefined : rowIn(rows[0]);
}

export async function findThread(query: Query, id: ThreadId): Promise<ThreadRow | undefined> {
  const { rows } = await query("SELECT key, seq, head FROM threads WHERE id = $1", [id]);
  return rows[0] === undefined ? undefined : rowIn(rows[0]);
}

function rowIn(row: Row): ThreadRow {
  return { key: number(row, "key"), seq: number(row, "seq"), head: hex(row, "head") };
}

const INSERT_EVENTS = (thread: string) =>
  `INSERT INTO events (thread, seq, type, v, at, data, salt, digest)
   SELECT ${thread}, e.* FROM unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::bytea[], $7::bytea[]) AS e`;

/**
 * Extends a thread that is in the state `before`, in one statement. Returns false, changing nothing, if another writer
 * was first, or if `claim` names an owner who does not hold the thread.
 */
export async function extendThread(
  query: Query,
  before: ThreadRow,
  { events, digests, projection, kept, texts }: Addition,
  claim?: { readonly owner: string; readonly past: number } | undefined,
): Promise<boolean> {
  const columns = columnsOf(projection);
  const at = events.at(-1)?.time ?? null;
  const head = digests.at(-1) ?? before.head;
  const more: unknown[] = [];
  const parameter = (value: unknown) => `$${more.push(value) + 23}`;
  const held =
    claim === undefined
      ? ""
      : `AND EXISTS (SELECT 1 FROM leases l WHERE l.thread = threads.key AND l.owner = ${parameter(encodeText(claim.owner))} AND l.until > ${parameter(Math.floor(claim.past))})`;
  const keeping = kept === undefined ? "" : keepState(kept, parameter);
  const gap = events.length > 0 && texts === undefined;
  const saying = texts === undefined || texts.length === 0 ? "" : addTexts(texts, parameter);
  const { count } = await query(
    `WITH changed AS (
       UPDATE threads SET seq = $8::integer + cardinality($1::integer[]), head = $9, updated_at = coalesce($11, updated_at),
         listed_at = CASE
           WHEN $11::bigint IS NULL OR (abs($11 - listed_at) < ${LISTED_EVERY}
             AND (agent, status, title, subject, requester, wanted_since IS NOT NULL, wake_at, pending_request, awaited_event,
               parent_id) IS NOT DISTINCT FROM ($13, $14, $15, $21, $22, $16::boolean, $17::bigint, $18::integer, $19, $20))
           THEN listed_at ELSE $11 END,
         agent = $13, status = $14, title = $15,
         wanted_since = CASE WHEN $16 THEN coalesce(wanted_since, $11, updated_at) END,
         wake_at = $17, pending_request = $18, awaited_event = $19, parent_id = $20, subject = $21, requester = $22,
         tokens = $23${gap ? ", unindexed = true, searchable = CASE WHEN unindexed THEN searchable ELSE seq END" : ""}
       WHERE key = $12 AND seq = $8 AND head = $10 ${held}
       RETURNING key, unindexed),
     added AS (${INSERT_EVENTS("changed.key").replace(" FROM unnest", " FROM changed, unnest")})${keeping}${saying}
     SELECT key FROM changed`,
    [
      ...eventColumns(events, digests),
      before.seq,
      Buffer.from(head, "hex"),
      Buffer.from(before.head, "hex"),
      at,
      before.key,
      ...columns,
      ...more,
    ],
  );
  return count === 1;
}

/** A part of the statement that makes the events findable. Texts after a gap come with those of the gap. */
function addTexts(texts: readonly SearchText[], parameter: (value: unknown) => string): string {
  const [seqs = "", said = "", words = ""] = textColumns(texts).map(parameter);
  return `,
     said AS (${insertTexts("changed.key", [seqs, said, words]).replace(" FROM unnest", " FROM changed, unnest")}
       WHERE NOT changed.unindexed)`;
}

/** A part of the statement that keeps the state before the events. */
function keepState(
  { seq, head, text: state, digest }: KeptState,
  parameter: (value: unknown) => string,
): string {
  const values = [
    `${parameter(seq)}::integer`,
    `${parameter(FOLD_VERSION)}::integer`,
    `${parameter(Buffer.from(head, "hex"))}::bytea`,
    `${parameter(state)}::text`,
    `${parameter(Buffer.from(digest, "hex"))}::bytea`,
  ];
  return `,
     kept AS (INSERT INTO thread_states AS s (thread, seq, fold, head, state, digest)
       SELECT changed.key, ${values.join(", ")} FROM changed
       ON CONFLICT (thread) DO UPDATE SET seq = excluded.seq, fold = excluded.fold, head = excluded.head,
         state = excluded.state, digest = excluded.digest)`;
}

/** Creates a thread. `undefined` if there is one already. */
export async function createThread(
  query: Query,
  id: ThreadId,
  { events, digests, projection, texts }: Addition,
): Promise<ThreadRow | undefined> {
  const createdAt = events[0]?.time ?? 0;
  const updatedAt = events.at(-1)?.time ?? createdAt;
  const head = digests.at(-1) ?? "";
  const { rows } = await query(
    `INSERT INTO threads (id, seq, head, created_at, updated_at, listed_at, wanted_since, agent, status, title,
       wake_at, pending_request, awaited_event, parent_id, subject, requester, tokens, unindexed)
     VALUES ($1, $2, $3, $4, $5, $5, CASE WHEN $9::boolean THEN $5::bigint END, $6, $7, $8, $10, $11, $12, $13, $14, $15, $16,
       $17)
     ON CONFLICT (id) DO NOTHING RETURNING key`,
    [
      id,
      events.length,
      Buffer.from(head, "hex"),
      createdAt,
      updatedAt,
      ...columnsOf(projection),
      texts === undefined,
    ],
  );
  if (rows[0] === undefined) return undefined;
  const key = number(rows[0], "key");
  await query(INSERT_EVENTS("$8::bigint"), [...eventColumns(events, digests), key]);
  if (texts !== undefined && texts.length > 0)
    await query(insertTexts("$4::bigint", ["$1", "$2", "$3"]), [...textColumns(texts), key]);
  return { key, seq: events.length, head };
}

function eventColumns(events: readonly EncodedEvent[], digests: readonly string[]): readonly unknown[] {
  return [
    events.map(({ seq }) => seq),
    events.map(({ type }) => type),
    events.map(({ v }) => v),
    events.map(({ at }) => at),
    events.map(({ text }) => text),
    events.map(({ salt }) => Buffer.from(salt)),
    digests.map((digest) => Buffer.from(digest, "hex")),
  ];
}

function columnsOf(projection: ThreadProjection): readonly unknown[] {
  const { agent, status, title, wantsAdvance, wakeAt, pendingRequest, awaitedEvent, parentThreadId } =
    projection;
  return [
    encodeText(agent),
    status,
    encodeText(title),
    wantsAdvance,
    wakeAt,
    pendingRequest,
    awaitedEvent === null ? null : encodeText(awaitedEvent),
    parentThreadId,
    encodeText(projection.subject),
    projection.requester === null ? null : encodeText(JSON.stringify(projection.requester)),
    projection.tokens,
  ];
}

/** A thread's row as the summary that stores show. */
export function summaryIn(row: Row): ThreadSummary {
  return {
    threadId: threadId(row, "id"),
    seq: number(row, "seq"),
    createdAt: isoTime(time(row, "created_at")),
    updatedAt: isoTime(time(row, "updated_at")),
    agent: text(row, "agent"),
    status: statusKind(row, "status"),
    title: text(row, "title"),
    subject: text(row, "subject"),
    requester: principalOrNull(row, "requester"),
    tokens: number(row, "tokens"),
    wantsAdvance: row["wanted_since"] !== null,
    wakeAt: timeOrNull(row, "wake_at"),
    pendingRequest: row["pending_request"] === null ? null : number(row, "pending_request"),
    awaitedEvent: textOrNull(row, "awaited_event"),
    parentThreadId: row["parent_id"] === null ? null : threadId(row, "parent_id"),
  };
}

export function noThread(id: ThreadId): NotFoundError {
  return new NotFoundError(`there is no thread ${id}`, { threadId: id });
}
