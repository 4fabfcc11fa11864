import { StorageError } from "../../base/errors.ts";
import { contains, cursorOf, type Position, pageLimit, pageStart } from "../page.ts";
import type { ListFilter, ThreadPage, ThreadSummary, UnreadableThread } from "../store.ts";
import type { Query } from "./database.ts";
import { number, type Row, text } from "./row.ts";
import { encodeText } from "./text.ts";
import { summaryIn } from "./threads.ts";

/** How many threads a search looks at for one page before it returns what it has found and where to go on. */
const SEARCHED_PER_PAGE = 2500;
const READ_AT_ONCE = 500;

/** A page of threads. Reads about as many rows as the page holds, no matter how many threads there are. */
export async function listThreads(query: Query, filter: ListFilter): Promise<ThreadPage> {
  const limit = pageLimit(filter);
  const start = pageStart(filter);
  if (filter.status?.length === 0) return { threads: [], unreadable: [], next: null };
  if (filter.search !== undefined) return searchThreads(query, filter, limit, start);
  const rows = await readRows(query, filter, start, limit + 1);
  const page = rows.slice(0, limit);
  return pageOf(page, rows.length > limit ? page.at(-1) : undefined);
}

async function searchThreads(
  query: Query,
  filter: ListFilter,
  limit: number,
  start: Position | undefined,
): Promise<ThreadPage> {
  const wanted = (filter.search ?? "").toLowerCase();
  const page: Row[] = [];
  let after = start;
  for (let searched = 0; searched < SEARCHED_PER_PAGE; searched += READ_AT_ONCE) {
    const rows = await readRows(query, filter, after, READ_AT_ONCE);
    for (const row of rows) {
      if (!contains(text(row, "title"), text(row, "id"), wanted)) continue;
      page.push(row);
      if (page.length === limit) return pageOf(page, row);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < READ_AT_ONCE) return pageOf(page, undefined);
    after = positionIn(last);
  }
  return { ...pageOf(page, undefined), next: after === undefined ? null : cursorOf(after) };
}

/**
 * Rows in the order of lists. If several statuses are wanted, each is read in the order of its index and all are
 * merged.
 */
async function readRows(
  query: Query,
  filter: ListFilter,
  start: Position | undefined,
  count: number,
): Promise<readonly Row[]> {
  const values: unknown[] = [count];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (filter.agent !== undefined) conditions.push(`agent = ${parameter(encodeText(filter.agent))}`);
  if (filter.pending === true) conditions.push("pending_request IS NOT NULL");
  if (filter.awaitedEvent !== undefined) {
    conditions.push(`awaited_event = ${parameter(encodeText(filter.awaitedEvent))}`);
  }
  if (filter.parentThreadId !== undefined) conditions.push(`parent_id = ${parameter(filter.parentThreadId)}`);
  if (start !== undefined) {
    conditions.push(`(listed_at, key) < (${parameter(start.time)}::bigint, ${parameter(start.key)}::bigint)`);
  }
  const order = "ORDER BY listed_at DESC, key DESC LIMIT $1";
  const range = (more: readonly string[]) => {
    const all = [...more, ...conditions];
    return `SELECT * FROM threads ${all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`} ${order}`;
  };
  const statuses = filter.status === undefined ? undefined : [...new Set(filter.status)];
  const ranges =
    statuses === undefined ? [range([])] : statuses.map((status) => range([`status = ${parameter(status)}`]));
  const sql =
    ranges.length === 1
      ? (ranges[0] ?? "")
      : `${ranges.map((one) => `(${one})`).join(" UNION ALL ")} ${order}`;
  return (await query(sql, values)).rows;
}

function positionIn(row: Row): Position {
  return { time: Number(row["listed_at"]), key: number(row, "key") };
}

function pageOf(page: readonly Row[], next: Row | undefined): ThreadPage {
  const threads: ThreadSummary[] = [];
  const unreadable: UnreadableThread[] = [];
  for (const row of page) {
    try {
      threads.push(summaryIn(row));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      unreadable.push({ threadId: String(row["id"]), problem: error.message });
    }
  }
  return { threads, unreadable, next: next === undefined ? null : cursorOf(positionIn(next)) };
}
