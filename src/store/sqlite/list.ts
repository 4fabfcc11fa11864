import { isoTime } from "../../base/clock.ts";
import { STATUS_KINDS } from "../../thread/state.ts";
import { cursorOf, matches, newestFirst, type Position, pageLimit, pageStart } from "../page.ts";
import type { ListFilter, ThreadPage, ThreadSummary } from "../store.ts";
import type { SqlRow, SqlValue, Statements } from "./port.ts";
import { number, threadId } from "./row.ts";
import { projectionIn } from "./threads.ts";

/** A search looks at so many threads for one page, then hands out what it has found and where to go on. */
const SEARCHED_PER_PAGE = 10_000;
const SEARCHED_AT_ONCE = 500;

/** One range of an index that is in the order of lists. */
interface Range {
  readonly index: string;
  readonly where: string;
  readonly values: readonly SqlValue[];
}

interface Listed extends Position {
  readonly summary: ThreadSummary;
}

/** A page of threads. Reads as many rows as the page holds, however many threads there are. */
export function listThreads(sql: Statements, filter: ListFilter): ThreadPage {
  const limit = pageLimit(filter);
  const start = pageStart(filter);
  const ranges = rangesOf(filter);
  if (filter.search !== undefined) return searchThreads(sql, ranges, filter, limit, start);
  const found = newest(sql, ranges, start, limit + 1);
  const page = found.slice(0, limit);
  return pageOf(page, found.length > limit ? page.at(-1) : undefined);
}

function searchThreads(
  sql: Statements,
  ranges: readonly Range[],
  filter: ListFilter,
  limit: number,
  start: Position | undefined,
): ThreadPage {
  const page: Listed[] = [];
  let from = start;
  for (let searched = 0; searched < SEARCHED_PER_PAGE; searched += SEARCHED_AT_ONCE) {
    const rows = newest(sql, ranges, from, SEARCHED_AT_ONCE);
    for (const row of rows) {
      from = row;
      if (!matches(row.summary, filter)) continue;
      page.push(row);
      if (page.length === limit) return pageOf(page, row);
    }
    if (rows.length < SEARCHED_AT_ONCE) return pageOf(page, undefined);
  }
  return pageOf(page, from);
}

function pageOf(page: readonly Listed[], next: Position | undefined): ThreadPage {
  return {
    threads: page.map(({ summary }) => summary),
    next: next === undefined ? null : cursorOf(next),
  };
}

/**
 * The ranges that together hold what the filter asks for. Every range is read in the order of its index and then merged:
 * a single query over several statuses would sort all their threads.
 */
function rangesOf(filter: ListFilter): readonly Range[] {
  if (filter.status?.length === 0) return [];
  if (filter.parentThreadId !== undefined) {
    return [narrowed("threads_by_parent", "parent_id = ?", [filter.parentThreadId], filter)];
  }
  if (filter.awaitedEvent !== undefined) {
    return [narrowed("threads_awaiting", "awaited_event = ?", [filter.awaitedEvent], filter)];
  }
  const table = filter.pending === true ? "pending" : "threads";
  const pending = filter.pending === true ? " AND pending_request IS NOT NULL" : "";
  return [...new Set(filter.status ?? STATUS_KINDS)].map((status) =>
    filter.agent === undefined
      ? { index: `${table}_by_status`, where: `status = ?${pending}`, values: [status] }
      : {
          index: `${table}_by_agent`,
          where: `agent = ? AND status = ?${pending}`,
          values: [filter.agent, status],
        },
  );
}

/** A range that is read through an index which knows only its first condition. */
function narrowed(index: string, where: string, values: readonly SqlValue[], filter: ListFilter): Range {
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

function newest(
  sql: Statements,
  ranges: readonly Range[],
  start: Position | undefined,
  count: number,
): readonly Listed[] {
  const after = start === undefined ? "" : " AND (listed_at, key) < (?, ?)";
  const bounds = start === undefined ? [] : [start.time, start.key];
  return ranges
    .flatMap(({ index, where, values }) =>
      sql(
        `SELECT * FROM threads INDEXED BY ${index} WHERE ${where}${after} ORDER BY listed_at DESC, key DESC LIMIT ?`,
      ).all(...values, ...bounds, count),
    )
    .map(listed)
    .sort(newestFirst)
    .slice(0, count);
}

function listed(row: SqlRow): Listed {
  return { time: number(row, "listed_at"), key: number(row, "key"), summary: summaryIn(row) };
}

/** A thread's row as what stores show of a thread. */
export function summaryIn(row: SqlRow): ThreadSummary {
  return {
    ...projectionIn(row),
    threadId: threadId(row, "id"),
    seq: number(row, "seq"),
    createdAt: isoTime(number(row, "created_at")),
    updatedAt: isoTime(number(row, "updated_at")),
  };
}
