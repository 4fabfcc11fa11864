import { isoTime } from "../../base/clock.ts";
import { NotFoundError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import type { SearchText } from "../../base/search-words.ts";
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
import { textColumns } from "./search-texts.ts";
import { encodeText } from "./text.ts";

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

/** The thread's row, locked against other writers until the transaction ends; `undefined` if there is none. */
export async function lockThread(query: Query, id: ThreadId): Promise<ThreadRow | undefined> {
  const { rows } = await query(
    "SELECT key, seq, head FROM threads WHERE id = $1 FOR NO KEY UPDATE",
    [id],
    "lock",
  );
  return rows[0] === undefined ? undefined : rowIn(rows[0]);
}

export async function findThread(query: Query, id: ThreadId): Promise<ThreadRow | undefined> {
  const { rows } = await query("SELECT key, seq, head FROM threads WHERE id = $1", [id]);
  return rows[0] === undefined ? undefined : rowIn(rows[0]);
}

/** The row in columns `key`, `seq` and `head`. */
export function rowIn(row: Row): ThreadRow {
  return { key: number(row, "key"), seq: number(row, "seq"), head: hex(row, "head") };
}

const CREATE = `
WITH created AS (
  INSERT INTO threads (id, seq, head, created_at, updated_at, listed_at, unindexed, agent, status, title, wanted_since, wake_at,
    pending_request, awaited_event, parent_id, subject, requester, tokens)
  VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, CASE WHEN $10::boolean THEN $5::bigint END, $11, $12, $13, $14, $15, $16, $17)
  ON CONFLICT (id) DO NOTHING RETURNING key),
added AS (
  INSERT INTO events (thread, seq, type, v, at, data, salt, digest)
  SELECT created.key, e.* FROM created,
    unnest($18::integer[], $19::text[], $20::integer[], $21::text[], $22::text[], $23::bytea[], $24::bytea[]) AS e),
said AS (
  INSERT INTO search_texts (thread, seq, text, words)
  SELECT created.key, s.seq, s.text, array_to_tsvector(string_to_array(s.words, ' '))
  FROM created, unnest($25::integer[], $26::text[], $27::text[]) AS s (seq, text, words))
SELECT key FROM created`;

/** Creates a thread, in one statement. `undefined` if there is one already. */
export async function createThread(
  query: Query,
  id: ThreadId,
  { events, digests, projection, texts }: Addition,
): Promise<ThreadRow | undefined> {
  const createdAt = events[0]?.time ?? 0;
  const updatedAt = events.at(-1)?.time ?? createdAt;
  const head = digests.at(-1) ?? "";
  const { rows } = await query(
    CREATE,
    [
      id,
      events.length,
      bytes(head),
      createdAt,
      updatedAt,
      texts === undefined,
      ...columnsOf(projection),
      ...eventColumns(events, digests),
      ...textColumns(texts ?? []),
    ],
    "create",
  );
  return rows[0] === undefined ? undefined : { key: number(rows[0], "key"), seq: events.length, head };
}

/** Bytes from hex, as PostgreSQL reads them. */
export function bytes(hex: string): string {
  return `\\x${hex}`;
}

/** Columns of `events`: seq, type, v, at, data, salt, digest. */
export function eventColumns(
  events: readonly EncodedEvent[],
  digests: readonly string[],
): readonly unknown[][] {
  return [
    events.map(({ seq }) => seq),
    events.map(({ type }) => type),
    events.map(({ v }) => v),
    events.map(({ at }) => at),
    events.map(({ text }) => text),
    events.map(({ salt }) => bytes(Buffer.from(salt).toString("hex"))),
    digests.map(bytes),
  ];
}

/** Columns of `threads`, as `createThread` and `extendThreads` name them. */
export function columnsOf(projection: ThreadProjection): readonly unknown[] {
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

/** The columns of `summaryIn`. Named one by one: a statement that is planned once must not change what it returns. */
export const SUMMARY = `id, seq, created_at, updated_at, agent, status, title, subject, requester, tokens, wanted_since, wake_at,
  pending_request, awaited_event, parent_id`;

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
