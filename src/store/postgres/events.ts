import type { ThreadId } from "../../base/ids.ts";
import { contentOf, type StoredEvent } from "../../thread/chain.ts";
import { type ChainAnchor, type Verification, verifyChain } from "../../thread/chain-verify.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { cannotErase, type StandIn } from "../erasure.ts";
import { decodeRows } from "../read-events.ts";
import type { Query } from "./database.ts";
import { hex, hexOrNull, number, type Row, rawText } from "./row.ts";
import { noThread, type ThreadRow } from "./threads.ts";

/** The columns of a thread's row, in the row of its last event: `key`, `last` and `thread_head`. */
export const THREAD_COLUMNS =
  "t.key, t.seq AS last, CASE WHEN e.seq IS NULL OR e.seq = t.seq THEN t.head END AS thread_head";
const READ = `
SELECT ${THREAD_COLUMNS}, e.seq, e.type, e.v, e.at, e.data, e.erased IS NOT NULL AS erased
FROM threads t LEFT JOIN events e ON e.thread = t.key AND e.seq > $2 WHERE t.id = $1 ORDER BY e.seq`;

/** The thread's events after `after`, and its row. A single statement, so that they belong to one state of the thread. */
export async function readThread(
  query: Query,
  id: ThreadId,
  after: number,
): Promise<{ readonly events: readonly ThreadEvent[]; readonly row: ThreadRow | undefined }> {
  const { rows } = await query(READ, [id, after], "read");
  if (rows[0] === undefined) throw noThread(id);
  const events = eventsIn({ threadId: id, after, last: number(rows[0], "last") }, rows);
  return { events, row: threadRowIn(rows) };
}

export async function readEvents(query: Query, id: ThreadId, after: number): Promise<readonly ThreadEvent[]> {
  return (await readThread(query, id, after)).events;
}

/** The thread's row, in rows with `THREAD_COLUMNS`. */
export function threadRowIn(rows: readonly Row[]): ThreadRow | undefined {
  const last = rows.at(-1);
  if (last === undefined || last["thread_head"] === null) return undefined;
  return { key: number(last, "key"), seq: number(last, "last"), head: hex(last, "thread_head") };
}

/** The events in rows of `events`; a single row without a number stands for none. */
export function eventsIn(
  place: { readonly threadId: ThreadId; readonly after: number; readonly last: number },
  rows: readonly Row[],
): readonly ThreadEvent[] {
  return decodeRows(place, rows, (row) => ({
    type: rawText(row, "type"),
    v: number(row, "v"),
    at: rawText(row, "at"),
    text: rawText(row, "data"),
    erased: row["erased"] === true,
  }));
}

/** `statement` names the query where it is sent again and again, on connections that plan once. */
export async function verifyThread(
  query: Query,
  id: ThreadId,
  anchor: ChainAnchor | undefined,
  statement?: string,
): Promise<Verification> {
  const { rows } = await query(
    `SELECT t.seq AS last, t.head, e.* FROM threads t LEFT JOIN events e ON e.thread = t.key WHERE t.id = $1 ORDER BY e.seq`,
    [id],
    statement,
  );
  const [first] = rows;
  if (first === undefined) throw noThread(id);
  const events = rows.filter((row) => row["seq"] !== null).map(storedIn);
  return verifyChain(id, events, { seq: number(first, "last"), digest: hex(first, "head") }, anchor);
}

function storedIn(row: Row): StoredEvent {
  return {
    seq: number(row, "seq"),
    type: rawText(row, "type"),
    v: number(row, "v"),
    at: rawText(row, "at"),
    text: rawText(row, "data"),
    salt: hexOrNull(row, "salt"),
    erased: hexOrNull(row, "erased"),
    digest: hex(row, "digest"),
  };
}

/** Replaces the content of events with their stand-ins. Throws `UsageError` if one does not fit. */
export async function replaceContent(
  query: Query,
  id: ThreadId,
  key: number,
  standIns: readonly StandIn[],
): Promise<void> {
  const { rows } = await query("SELECT * FROM events WHERE thread = $1 AND seq = ANY($2::integer[])", [
    key,
    standIns.map(({ seq }) => seq),
  ]);
  const events = new Map(rows.map(storedIn).map((event) => [event.seq, event]));
  const contents = standIns.map((standIn) => {
    const event = events.get(standIn.seq);
    if (event?.type !== standIn.type) throw cannotErase(id, standIn, event?.type);
    return contentOf(event) ?? event.digest;
  });
  await query(
    `UPDATE events SET data = r.data, salt = NULL, erased = r.erased
     FROM unnest($2::integer[], $3::text[], $4::bytea[]) AS r (seq, data, erased)
     WHERE events.thread = $1 AND events.seq = r.seq`,
    [
      key,
      standIns.map(({ seq }) => seq),
      standIns.map(({ text }) => text),
      contents.map((content) => Buffer.from(content, "hex")),
    ],
  );
}

/** Whether the thread has an event with this number and this digest. */
export async function hasEvent(query: Query, id: ThreadId, seq: number, digest: string): Promise<boolean> {
  const { count } = await query(
    "SELECT 1 FROM threads t JOIN events e ON e.thread = t.key WHERE t.id = $1 AND e.seq = $2 AND e.digest = $3",
    [id, seq, Buffer.from(digest, "hex")],
  );
  return count > 0;
}
