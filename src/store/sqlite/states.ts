import type { ThreadId } from "../../base/ids.ts";
import type { ChainAnchor, Verification } from "../../thread/chain-verify.ts";
import { fold } from "../../thread/fold.ts";
import { FOLD_VERSION } from "../../thread/kept-state.ts";
import type { ThreadState } from "../../thread/state.ts";
import { stateFrom, stateToKeep, verifyKept } from "../kept-states.ts";
import { readEvents, verifyThread } from "./events.ts";
import type { SqlRow, Statements } from "./port.ts";
import { bytes, hex, number, text } from "./row.ts";
import { EVENTS_PER_THREAD } from "./threads.ts";
import { transaction } from "./transaction.ts";

/**
 * What `fold` returns for the thread's events: computed from the kept state, if it is valid, and the events after it.
 */
export function readState(sql: Statements, id: ThreadId): ThreadState {
  return transaction(sql, "DEFERRED", () => {
    const kept = keptState(sql, id);
    if (kept !== undefined) {
      try {
        return fold(readEvents(sql, id, kept.seq), kept);
      } catch {
        // The events have the last word. What is wrong with the kept state, `verify` says; with an event, the next line.
      }
    }
    return fold(readEvents(sql, id, 0));
  });
}

/** The kept state of a thread, if it was made by this version from exactly the stored events. */
export function keptState(sql: Statements, id: ThreadId): ThreadState | undefined {
  const row = sql(
    `SELECT s.seq, s.fold, s.head, s.state, s.digest
     FROM threads t JOIN thread_states s ON s.thread = t.key
     JOIN events e ON e.id = t.key * ${EVENTS_PER_THREAD} + s.seq AND e.digest = s.head
     WHERE t.id = ? AND s.seq <= t.seq AND s.fold = ?`,
  ).get(id, FOLD_VERSION);
  return row === undefined ? undefined : stateIn(row, id);
}

function stateIn(row: SqlRow, id: ThreadId): ThreadState | undefined {
  const kept = { seq: number(row, "seq"), head: hex(row, "head"), text: text(row, "state") };
  return stateFrom(id, { ...kept, digest: hex(row, "digest") });
}

/** A thread's row before an append. */
interface Before {
  readonly key: number;
  readonly seq: number;
  readonly head: { readonly hex: string; readonly bytes: Uint8Array };
}

/**
 * Keeps the state that a thread had before an append that leaves it with `seq` events. Call it within the append's
 * transaction.
 */
export function keepState(
  sql: Statements,
  { threadId, before, state }: { threadId: ThreadId; before: Before; state: ThreadState },
  after: { readonly seq: number; readonly atRest: boolean },
): void {
  const { key, seq, head } = before;
  const kept = stateToKeep(threadId, { seq, head: head.hex }, state, after);
  if (kept === undefined) return;
  sql(
    "INSERT OR REPLACE INTO thread_states (thread, seq, fold, head, state, digest) VALUES (?, ?, ?, ?, ?, ?)",
  ).run(key, seq, FOLD_VERSION, head.bytes, kept.text, bytes(kept.digest));
}

/** Removes the kept state, because it may hold erased content. */
export function forgetState(sql: Statements, key: number): void {
  sql("DELETE FROM thread_states WHERE thread = ?").run(key);
}

/** Verifies the events as `verifyThread` does, and checks that the kept state is what they give. */
export function verifyWithState(
  sql: Statements,
  id: ThreadId,
  anchor: ChainAnchor | undefined,
): Verification {
  const verification = verifyThread(sql, id, anchor);
  const kept = verification.ok ? keptState(sql, id) : undefined;
  return kept === undefined ? verification : verifyKept(verification, kept, readEvents(sql, id, 0));
}
