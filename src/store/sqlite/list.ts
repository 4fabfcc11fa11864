import { isoTime } from "../../base/clock.ts";
import { StorageError } from "../../base/errors.ts";
import { cursorOf, matches, newestFirst, type Position, pageLimit, pageStart } from "../page.ts";
import { createSearch, type Search } from "../search.ts";
import type { ListFilter, ThreadPage, ThreadSummary, UnreadableThread } from "../store.ts";
import type { SqlRow, SqlValue, Statements } from "./port.ts";
import { number, text, threadId, time } from "./row.ts";
import { type Placed, searchPage } from "./search.ts";
import { projectionIn } from "./threads.ts";

/** How many rows of each range a search reads at once. */
const READ_AT_ONCE = 64;

/** What a list shows of a thread; its digest is not read. */
const SHOWN = [
  "key, id, seq, created_at, updated_at, listed_at, agent, status, title, subject, requester, tokens",
  "wanted_since, wake_at, pending_request, awaited_event, parent_id",
].join(", ");

/** One range of an index, in the order of lists. */
interface Range {
  readonly index: string;
  readonly where: string;
  readonly values: readonly SqlValue[];
}

/** A page of threads. Reads about as many rows as the page holds, no matter how many threads there are. */
export function listThreads(sql: Statements, filter: ListFilter): ThreadPage {
  const limit = pageLimit(filter);
  const start = pageStart(filter);
  const search = createSearch(filter.search ?? "");
  if (!search.empty) return searchThreads(sql, filter, search);
  const ranges = rangesOf(sql, filter);
  const page: Placed[] = [];
  // Of most ranges a page holds only a part of its rows.
  const atOnce = Math.ceil((limit + 1) / Math.max(1, ranges.length));
  for (const placed of inOrder(sql, ranges, { columns: SHOWN, start, atOnce })) {
    if (page.length === limit) return pageOf(page, page.at(-1));
    page.push(placed);
  }
  return pageOf(page, undefined);
}

function searchThreads(sql: Statements, filter: ListFilter, search: Search): ThreadPage {
  if (search.words.length === 0) return pageOf([], undefined);
  const start = pageStart(filter);
  const { page, hits, next } = searchPage(sql, search, {
    limit: pageLimit(filter),
    wants: (placed) =>
      (start === undefined || newestFirst(start, placed) < 0) && isWanted(placed.row, filter),
    inOrder: () => inOrder(sql, rangesOf(sql, filter), { columns: SHOWN, start, atOnce: READ_AT_ONCE }),
  });
  return { ...pageOf(page, next), hits };
}

/** True if the row fits the filter; a damaged row fits, so that it is shown as such. */
function isWanted(row: SqlRow, filter: ListFilter): boolean {
  try {
    return matches(summaryIn(row), filter);
  } catch {
    return true;
  }
}

function pageOf(page: readonly Placed[], next: Position | undefined): ThreadPage {
  const threads: ThreadSummary[] = [];
  const unreadable: UnreadableThread[] = [];
  for (const { row } of page) {
    try {
      threads.push(summaryIn(row));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      unreadable.push({ threadId: String(row["id"]), problem: error.message });
    }
  }
  return { threads, hits: [], unreadable, next: next === undefined ? null : cursorOf(next) };
}

/**
 * The ranges that together hold what the filter selects. Each is read in the order of its index, and all are merged: a
 * single query over several statuses would sort all their threads.
 */
function rangesOf(sql: Statements, filter: ListFilter): readonly Range[] {
  if (filter.status?.length === 0) return [];
  if (filter.parentThreadId !== undefined) {
    return [narrowRange("threads_by_parent", "parent_id = ?", [filter.parentThreadId], filter)];
  }
  if (filter.awaitedEvent !== undefined) {
    return [narrowRange("threads_awaiting", "awaited_event = ?", [filter.awaitedEvent], filter)];
  }
  const table = filter.pending === true ? "pending" : "threads";
  const pending = filter.pending === true ? " AND pending_request IS NOT NULL" : "";
  return [...new Set<string>(filter.status ?? statusesThere(sql))].map((status) =>
    filter.agent === undefined
      ? { index: `${table}_by_status`, where: `status = ?${pending}`, values: [status] }
      : {
          index: `${table}_by_agent`,
          where: `agent = ? AND status = ?${pending}`,
          values: [filter.agent, status],
        },
  );
}

/**
 * Every status that a thread has, including those that this version does not know: one step along the index for each.
 */
function statusesThere(sql: Statements): readonly string[] {
  const found: string[] = [];
  for (;;) {
    const row = sql(
      "SELECT status FROM threads INDEXED BY threads_by_status WHERE status > ? ORDER BY status LIMIT 1",
    ).get(found.at(-1) ?? "");
    if (row === undefined) return found;
    found.push(text(row, "status"));
  }
}

/** A range read through an index that covers only its first condition. */
function narrowRange(index: string, where: string, values: readonly SqlValue[], filter: ListFilter): Range {
  const conditions = [where];
  const all = [...values];
  if (filter.parentThreadId !== undefined && filter.awaitedEvent !== undefined) {
    conditions.push("awaited_event = ?");
    all.push(filter.awaitedEvent);
  }
  if (filter.agent !== undefined) {
    conditions.push("agent = ?");
    all.push(filter.agent);
  }
  if (filter.pending === true) conditions.push("pending_request IS NOT NULL");
  if (filter.status !== undefined) {
    conditions.push(`status IN (${filter.status.map(() => "?").join(", ")})`);
    all.push(...filter.status);
  }
  return { index, where: conditions.join(" AND "), values: all };
}

/** What is read at once: these columns, this many rows, after this position. */
interface Piece {
  readonly columns: string;
  readonly start: Position | undefined;
  readonly atOnce: number;
}

/** The rows of all ranges, newest first. Each range is read piece by piece, only as far as needed. */
function* inOrder(
  sql: Statements,
  ranges: readonly Range[],
  { columns, start, atOnce }: Piece,
): Generator<Placed, void, undefined> {
  const sources = ranges.map((range) => ({
    range,
    rows: readRange(sql, range, { columns, start, atOnce }),
    next: 0,
  }));
  for (;;) {
    let first: (typeof sources)[number] | undefined;
    let newest: Placed | undefined;
    for (const source of sources) {
      const last = source.rows.at(-1);
      if (source.next === source.rows.length && source.next === atOnce && last !== undefined) {
        source.rows = readRange(sql, source.range, { columns, start: last, atOnce });
        source.next = 0;
      }
      const candidate = source.rows[source.next];
      if (candidate === undefined || (newest !== undefined && newestFirst(newest, candidate) < 0)) continue;
      first = source;
      newest = candidate;
    }
    if (first === undefined || newest === undefined) return;
    first.next += 1;
    yield newest;
  }
}

function readRange(
  sql: Statements,
  { index, where, values }: Range,
  { columns, start, atOnce }: Piece,
): readonly Placed[] {
  const after = start === undefined ? "" : " AND (listed_at, key) < (?, ?)";
  const bounds = start === undefined ? [] : [start.time, start.key];
  return sql(
    `SELECT ${columns} FROM threads INDEXED BY ${index} WHERE ${where}${after} ORDER BY listed_at DESC, key DESC LIMIT ?`,
  )
    .all(...values, ...bounds, atOnce)
    .map((row) => ({ row, time: Number(row["listed_at"]), key: number(row, "key") }));
}

/** A thread's row as the summary that stores show. */
export function summaryIn(row: SqlRow): ThreadSummary {
  return {
    ...projectionIn(row),
    threadId: threadId(row, "id"),
    seq: number(row, "seq"),
    createdAt: isoTime(time(row, "created_at")),
    updatedAt: isoTime(time(row, "updated_at")),
  };
}
