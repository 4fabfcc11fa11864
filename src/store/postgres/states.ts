import type { ThreadId } from "../../base/ids.ts";
import type { ChainAnchor, Verification } from "../../thread/chain-verify.ts";
import { fold } from "../../thread/fold.ts";
import { FOLD_VERSION } from "../../thread/kept-state.ts";
import type { ThreadState } from "../../thread/state.ts";
import { stateFrom, verifyKept } from "../kept-states.ts";
import type { Query } from "./database.ts";
import { eventsIn, readEvents, THREAD_COLUMNS, threadRowIn, verifyThread } from "./events.ts";
import { hex, number, type Row, rawText } from "./row.ts";
import { noThread, type ThreadRow } from "./threads.ts";

/**
 * What `fold` returns for the thread's events: computed from the kept state, if it is valid, and the events after it. One
 * statement, so that both belong to one state of the thread; the kept text comes with the first row only.
 */
export async function readState(
  query: Query,
  id: ThreadId,
): Promise<{ readonly state: ThreadState; readonly row: ThreadRow | undefined }> {
  const { rows } = await query(
    `SELECT ${THREAD_COLUMNS}, s.seq AS kept, e.seq, e.type, e.v, e.at, e.data, e.erased IS NOT NULL AS erased,
       CASE WHEN e.seq IS NULL OR e.seq = s.seq + 1 THEN s.head END AS head,
       CASE WHEN e.seq IS NULL OR e.seq = s.seq + 1 THEN s.state END AS state,
       CASE WHEN e.seq IS NULL OR e.seq = s.seq + 1 THEN s.digest END AS digest
     FROM threads t
     LEFT JOIN thread_states s ON s.thread = t.key AND s.fold = $2 AND s.seq <= t.seq
       AND EXISTS (SELECT 1 FROM events k WHERE k.thread = t.key AND k.seq = s.seq AND k.digest = s.head)
     LEFT JOIN events e ON e.thread = t.key AND e.seq > coalesce(s.seq, 0)
     WHERE t.id = $1 ORDER BY e.seq`,
    [id, FOLD_VERSION],
    "state",
  );
  const [first] = rows;
  if (first === undefined) throw noThread(id);
  return { state: await stateOf(query, id, first, rows), row: threadRowIn(rows) };
}

async function stateOf(query: Query, id: ThreadId, first: Row, rows: readonly Row[]): Promise<ThreadState> {
  const kept = first["kept"] === null ? undefined : stateIn(id, first);
  if (first["kept"] !== null && kept === undefined) return fold(await readEvents(query, id, 0));
  try {
    const place = { threadId: id, after: kept?.seq ?? 0, last: number(first, "last") };
    return fold(eventsIn(place, rows), kept);
  } catch (error) {
    if (kept === undefined) throw error;
    // The events have the last word. What is wrong with the kept state, `verify` says; with an event, the next line.
    return fold(await readEvents(query, id, 0));
  }
}

function stateIn(id: ThreadId, row: Row): ThreadState | undefined {
  if (row["state"] === null) return undefined;
  const kept = { seq: number(row, "kept"), head: hex(row, "head"), text: rawText(row, "state") };
  return stateFrom(id, { ...kept, digest: hex(row, "digest") });
}

/** Removes the kept state, because it may hold erased content. */
export async function forgetState(query: Query, key: number): Promise<void> {
  await query("DELETE FROM thread_states WHERE thread = $1", [key]);
}

/** Verifies the events as `verifyThread` does, and checks that the kept state is what they give. */
export async function verifyWithState(
  query: Query,
  id: ThreadId,
  anchor: ChainAnchor | undefined,
): Promise<Verification> {
  const verification = await verifyThread(query, id, anchor);
  if (!verification.ok) return verification;
  const { rows } = await query(
    `SELECT s.seq AS kept, s.head, s.state, s.digest FROM threads t JOIN thread_states s ON s.thread = t.key
     JOIN events e ON e.thread = t.key AND e.seq = s.seq AND e.digest = s.head
     WHERE t.id = $1 AND s.fold = $2 AND s.seq <= t.seq`,
    [id, FOLD_VERSION],
  );
  const kept = rows[0] === undefined ? undefined : stateIn(id, rows[0]);
  return kept === undefined ? verification : verifyKept(verification, kept, await readEvents(query, id, 0));
}
