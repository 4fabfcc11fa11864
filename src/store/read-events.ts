import { StorageError } from "../base/errors.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { decodeEvent } from "../thread/stored-event.ts";

/** The columns of a stored event, apart from its number. */
export interface EventColumns {
  readonly type: string;
  readonly v: number;
  readonly at: string;
  /** The JSON of its data, or of the stand-in for it. */
  readonly text: string;
  readonly erased: boolean;
}

/** Which events of a thread were asked for: those after `after`, up to `last`, the number of the latest one. */
export interface EventRange {
  readonly threadId: ThreadId;
  readonly after: number;
  readonly last: number;
}

/**
 * Decodes the rows of a thread's events, which must be complete and in order. Rows without a `seq` hold no event: such a
 * row only says that the thread exists. Throws `StorageError` (`storage_corrupt`) if an event is missing or unreadable.
 */
export function decodeRows<Row extends Readonly<Record<string, unknown>>>(
  { threadId, after, last }: EventRange,
  rows: readonly Row[],
  readColumns: (row: Row) => EventColumns,
): readonly ThreadEvent[] {
  const events = rows
    .filter((row) => row["seq"] !== null)
    .map((row, index) => {
      const seq = after + 1 + index;
      if (row["seq"] !== seq) throw missingEvent(threadId, seq);
      return decodeEvent(threadId, { ...readColumns(row), seq });
    });
  if (after + events.length < last) throw missingEvent(threadId, after + events.length + 1);
  return events;
}

function missingEvent(threadId: ThreadId, seq: number): StorageError {
  return new StorageError(
    "storage_corrupt",
    `event ${seq} of thread ${threadId} is missing; verify the thread`,
    {
      details: { threadId, seq },
    },
  );
}
