import type { ThreadId } from "../../base/ids.ts";
import { contentOf, type StoredEvent } from "../../thread/chain.ts";
import { type ChainAnchor, type Verification, verifyChain } from "../../thread/chain-verify.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { cannotErase, type StandIn } from "../erasure.ts";
import { decodeRows } from "../read-events.ts";
import type { SqlRow, Statements } from "./port.ts";
import { bytes, hex, hexOrNull, number, text } from "./row.ts";
import { EVENTS_PER_THREAD, loadThread, noThread } from "./threads.ts";
import { transaction } from "./transaction.ts";

/**
 * The thread's events after `after`. A single statement, even if there are none, so that they belong to one state of
 * the thread.
 */
export function readEvents(sql: Statements, id: ThreadId, after: number): readonly ThreadEvent[] {
  const rows = sql(
    `SELECT t.seq AS last, e.id - t.key * ${EVENTS_PER_THREAD} AS seq, e.type, e.v, e.at, e.data, e.erased IS NOT NULL AS erased
     FROM threads t LEFT JOIN events e ON e.id > t.key * ${EVENTS_PER_THREAD} + ? AND e.id < (t.key + 1) * ${EVENTS_PER_THREAD}
     WHERE t.id = ? ORDER BY e.id`,
  ).all(after, id);
  if (rows[0] === undefined) throw noThread(id);
  return decodeRows({ threadId: id, after, last: number(rows[0], "last") }, rows, (row) => ({
    type: text(row, "type"),
    v: number(row, "v"),
    at: text(row, "at"),
    text: text(row, "data"),
    erased: row["erased"] === 1,
  }));
}

export function verifyThread(sql: Statements, id: ThreadId, anchor: ChainAnchor | undefined): Verification {
  return transaction(sql, "DEFERRED", () => {
    const thread = loadThread(sql, id);
    if (thread === undefined) throw noThread(id);
    const first = thread.key * EVENTS_PER_THREAD;
    const events = sql("SELECT * FROM events WHERE id >= ? AND id < ? ORDER BY id")
      .all(first, first + EVENTS_PER_THREAD)
      .map((row) => toStoredEvent(row, number(row, "id") - first));
    return verifyChain(id, events, { seq: thread.seq, digest: thread.head.hex }, anchor);
  });
}

function toStoredEvent(row: SqlRow, seq: number): StoredEvent {
  return {
    seq,
    type: text(row, "type"),
    v: number(row, "v"),
    at: text(row, "at"),
    text: text(row, "data"),
    salt: hexOrNull(row, "salt"),
    erased: hexOrNull(row, "erased"),
    digest: hex(row, "digest"),
  };
}

/** A stand-in and the digest of the content that it replaces. */
export interface Replacement extends StandIn {
  readonly content: string;
}

/** Reads the events that are to be erased. Throws `UsageError` if a stand-in does not fit. */
export function replacementsFor(
  sql: Statements,
  id: ThreadId,
  key: number,
  standIns: readonly StandIn[],
): readonly Replacement[] {
  return standIns.map((standIn) => {
    const row = sql("SELECT * FROM events WHERE id = ?").get(key * EVENTS_PER_THREAD + standIn.seq);
    const event = row === undefined ? undefined : toStoredEvent(row, standIn.seq);
    if (event?.type !== standIn.type) throw cannotErase(id, standIn, event?.type);
    return { ...standIn, content: contentOf(event) ?? event.digest };
  });
}

export function replaceContent(sql: Statements, key: number, replacements: readonly Replacement[]): void {
  const update = sql("UPDATE events SET data = ?, salt = NULL, erased = ?, said = NULL WHERE id = ?");
  for (const { seq, text, content } of replacements) {
    update.run(text, bytes(content), key * EVENTS_PER_THREAD + seq);
  }
}
