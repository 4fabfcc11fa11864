import { StorageError } from "../../base/errors.ts";
import { cursorOf, matches, newestFirst, type Position, pageLimit, pageStart } from "../page.ts";
import { createSearch, type Search } from "../search.ts";
import type { ListFilter, ThreadPage, ThreadSummary, UnreadableThread } from "../store.ts";
import type { Query } from "./database.ts";
import type { Row } from "./row.ts";
import { positionIn, searchPage } from "./search.ts";
import { encodeText } from "./text.ts";
import { summaryIn } from "./threads.ts";

/** A page of threads. Reads about as many rows as the page holds, no matter how many threads there are. */
export async function listThreads(query: Query, filter: ListFilter): Promise<ThreadPage> {
  const limit = pageLimit(filter);
  const start = pageStart(filter);
  if (filter.status?.length === 0) return pageOf([], undefined);
  const search = createSearch(filter.search ?? "");
  if (!search.empty) return searchThreads(query, filter, search);
  const rows = await readRows(query, filter, start, limit + 1);
  const page = rows.slice(0, limit);
  return pageOf(page, rows.length > limit ? page.at(-1) : undefined);
}

async function searchThreads(query: Query, filter: ListFilter, search: Search): Promise<ThreadPage> {
  if (search.words.length === 0) return pageOf([], undefined);
  const start = pageStart(filter);
  const { page, hits, next } = await searchPage(query, search, {
    limit: pageLimit(filter),
    wants: (row) => (start === undefined || newestFirst(start, positionIn(row)) < 0) && isWanted(row, filter),
    after: (row, count) => readRows(query, filter, row === undefined ? start : positionIn(row), count),
  });
  return { ...pageOf(page, next), hits };
}

/** True if the row fits the filter; a damaged row fits, so that it is shown as such. */
function isWanted(row: Row, filter: ListFilter): boolean {
  try {
    return matches(summaryIn(row), filter);
  } catch {
    return true;
  }
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
  return { threads, hits: [], unreadable, next: next === undefined ? null : cursorOf(positionIn(next)) };
}
