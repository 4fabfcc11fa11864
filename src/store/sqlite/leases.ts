import type { ThreadId } from "../../base/ids.ts";
import type { AppendOptions } from "../store.ts";
import type { Statements } from "./port.ts";
import { threadId } from "./row.ts";

/** A lease that ran out this long ago, in ms, counts for nobody; nor does one that would last longer than this. */
const FORGOTTEN_AFTER = 3_600_000;

export function claim(
  sql: Statements,
  id: ThreadId,
  { owner, now, until }: { readonly owner: string; readonly now: number; readonly until: number },
): boolean {
  const taken = sql(
    `INSERT INTO leases (thread, owner, until) SELECT key, ?, ? FROM threads WHERE id = ?
     ON CONFLICT (thread) DO UPDATE SET owner = excluded.owner, until = excluded.until
       WHERE leases.until <= ? OR leases.until > ? OR leases.owner = excluded.owner`,
  ).run(owner, until, id, now, now + FORGOTTEN_AFTER);
  return taken === 1;
}

/** Whether the owner holds the thread past this time. */
export function holds(
  sql: Statements,
  id: ThreadId,
  { owner, past }: NonNullable<AppendOptions["claim"]>,
): boolean {
  const held = sql(
    "SELECT 1 FROM leases WHERE thread = (SELECT key FROM threads WHERE id = ?) AND owner = ? AND until > ?",
  ).get(id, owner, past);
  return held !== undefined;
}

export function renew(sql: Statements, owner: string, now: number, until: number): readonly ThreadId[] {
  sql("DELETE FROM leases WHERE until < ? AND owner <> ?").run(now - FORGOTTEN_AFTER, owner);
  sql("UPDATE leases SET until = ? WHERE owner = ?").run(until, owner);
  return sql("SELECT t.id FROM leases l JOIN threads t ON t.key = l.thread WHERE l.owner = ?")
    .all(owner)
    .map((row) => threadId(row, "id"));
}

export function release(sql: Statements, id: ThreadId, owner: string): void {
  sql("DELETE FROM leases WHERE thread = (SELECT key FROM threads WHERE id = ?) AND owner = ?").run(
    id,
    owner,
  );
}

interface DueOptions {
  readonly now: number;
  readonly limit: number;
  readonly agents: readonly string[] | undefined;
  readonly wantedBefore?: number | undefined;
}

/**
 * Abandoned threads, and two short index scans, each over threads with something to do only, merged by how long they
 * have waited.
 */
export function due(
  sql: Statements,
  { now, limit, agents, wantedBefore = Number.MAX_SAFE_INTEGER }: DueOptions,
): readonly ThreadId[] {
  if (agents?.length === 0) return [];
  const of = agents === undefined ? "" : ` AND t.agent IN (${agents.map(() => "?").join(", ")})`;
  const over = "(l.until <= ? OR l.until > ?)";
  const free = `(l.until IS NULL OR ${over})${of}`;
  const times = [now, now + FORGOTTEN_AFTER] as const;
  const wanted = sql(
    `SELECT t.id, t.wanted_since AS since FROM threads t INDEXED BY threads_wanted LEFT JOIN leases l ON l.thread = t.key
     WHERE t.wanted_since <= ? AND ${free} ORDER BY t.wanted_since LIMIT ?`,
  ).all(wantedBefore, ...times, ...(agents ?? []), limit);
  const woken = sql(
    `SELECT t.id, t.wake_at AS since FROM threads t INDEXED BY threads_to_wake LEFT JOIN leases l ON l.thread = t.key
     WHERE t.wake_at <= ? AND ${free} ORDER BY t.wake_at LIMIT ?`,
  ).all(now, ...times, ...(agents ?? []), limit);
  // Few rows: only threads at work have a lease, and releasing it removes the row.
  const abandoned = sql(
    `SELECT t.id, l.until AS since FROM leases l JOIN threads t ON t.key = l.thread
     WHERE ${over}${of} LIMIT ?`,
  ).all(...times, ...(agents ?? []), limit);
  const waiting = [...wanted, ...woken, ...abandoned]
    .map((row) => ({ id: threadId(row, "id"), since: Number(row["since"]) }))
    .sort((a, b) => a.since - b.since);
  return [...new Set(waiting.map(({ id }) => id))].slice(0, limit);
}
