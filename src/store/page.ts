import { LAST_TIME } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import type { ListFilter, ThreadSummary } from "./store.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;

/** Where a page ends. The next page begins after it in the order of lists, newest first. */
export interface Position {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The number that the store gave to the thread. It orders threads of the same time. */
  readonly key: number;
}

/** The size of a page. Throws `UsageError` (`invalid_argument`) if it is out of range. */
export function pageLimit(filter: ListFilter): number {
  const limit = filter.limit ?? DEFAULT_LIMIT;
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new UsageError(
    "invalid_argument",
    `limit must be a whole number from 1 to ${MAX_LIMIT}, not ${limit}`,
  );
}

/**
 * Where the page begins; `undefined` for the newest thread. Throws `UsageError` (`invalid_argument`) for a cursor that
 * no page returned.
 */
export function pageStart(filter: ListFilter): Position | undefined {
  const after = positionIn(filter);
  const { updatedBefore } = filter;
  if (updatedBefore === undefined) return after;
  if (!Number.isFinite(updatedBefore)) {
    throw new UsageError(
      "invalid_argument",
      `updatedBefore must be a time in milliseconds, not ${updatedBefore}`,
    );
  }
  const time = Math.ceil(Math.min(Math.max(updatedBefore, -LAST_TIME), LAST_TIME));
  return after === undefined || after.time >= time ? { time, key: 0 } : after;
}

function positionIn(filter: ListFilter): Position | undefined {
  if (filter.cursor === undefined) return undefined;
  const match = /^(-?[0-9]{1,19})\.([0-9]{1,16})$/.exec(filter.cursor);
  if (match !== null) return { time: Number(match[1]), key: Number(match[2]) };
  throw new UsageError("invalid_argument", "the cursor is not the `next` of an earlier page");
}

export function cursorOf({ time, key }: Position): string {
  return `${time}.${key}`;
}

/** Compares two threads in the order of lists. */
export function newestFirst(a: Position, b: Position): number {
  return b.time - a.time || b.key - a.key;
}

/** True if the filter selects the thread, whatever it searches for. */
export function matches(summary: ThreadSummary, filter: ListFilter): boolean {
  return (
    (filter.agent === undefined || filter.agent === summary.agent) &&
    (filter.status === undefined || filter.status.includes(summary.status)) &&
    (filter.pending !== true || summary.pendingRequest !== null) &&
    (filter.awaitedEvent === undefined || filter.awaitedEvent === summary.awaitedEvent) &&
    (filter.parentThreadId === undefined || filter.parentThreadId === summary.parentThreadId)
  );
}
