import type { ThreadId } from "../../base/ids.ts";
import type { Query } from "./database.ts";
import { threadId } from "./row.ts";
import { encodeText } from "./text.ts";

/** A lease that ran out this long ago, in ms, counts for nobody; nor does one that would last longer than this. */
const FORGOTTEN_AFTER = 3_600_000;

/**
 * Commits without waiting for the disk. A crash of the server may undo the latest claims and releases, which are no part of
 * what a thread has done: every write is fenced, and whoever holds a claim finds out at his next write. The log is in order,
 * so that a claim is on disk with the first event that was written under it.
 */
const NOT_SYNCED = "set_config('synchronous_commit', 'off', true)";

/** Columns of times hold whole milliseconds. */
function roundTimes(...times: readonly number[]): readonly number[] {
  return times.map(Math.floor);
}

export async function claim(
  query: Query,
  id: ThreadId,
  { owner, now, until }: { readonly owner: string; readonly now: number; readonly until: number },
): Promise<boolean> {
  const { count } = await query(
    `INSERT INTO leases AS l (thread, owner, until) SELECT key, $2, $3 FROM threads WHERE id = $1
     ON CONFLICT (thread) DO UPDATE SET owner = excluded.owner, until = excluded.until
       WHERE l.until <= $4 OR l.until > $5 OR l.owner = excluded.owner
     RETURNING ${NOT_SYNCED}`,
    [id, encodeText(owner), ...roundTimes(until, now, now + FORGOTTEN_AFTER)],
    "claim",
  );
  return count === 1;
}

/** Whether the owner holds the thread past this time. */
export async function holds(
  query: Query,
  id: ThreadId,
  { owner, past }: { readonly owner: string; readonly past: number },
): Promise<boolean> {
  const { count } = await query(
    `SELECT 1 FROM leases l JOIN threads t ON t.key = l.thread WHERE t.id = $1 AND l.owner = $2 AND l.until > $3`,
    [id, encodeText(owner), ...roundTimes(past)],
    "holds",
  );
  return count === 1;
}

export async function renew(
  query: Query,
  owner: string,
  now: number,
  until: number,
): Promise<readonly ThreadId[]> {
  const name = encodeText(owner);
  await query("DELETE FROM leases WHERE until < $1 AND owner <> $2", [
    ...roundTimes(now - FORGOTTEN_AFTER),
    name,
  ]);
  const { rows } = await query(
    "UPDATE leases l SET until = $2 FROM threads t WHERE t.key = l.thread AND l.owner = $1 RETURNING t.id",
    [name, ...roundTimes(until)],
  );
  return rows.map((row) => threadId(row, "id"));
}

export interface Release {
  readonly threadId: ThreadId;
  readonly owner: string;
}

export async function release(query: Query, releases: readonly Release[]): Promise<void> {
  for (const [owner, released] of Map.groupBy(releases, (one) => one.owner)) {
    await query(
      `DELETE FROM leases WHERE owner = $2 AND thread = ANY(ARRAY(SELECT key FROM threads WHERE id = ANY($1::text[])))
       RETURNING ${NOT_SYNCED}`,
      [released.map(({ threadId }) => threadId), encodeText(owner)],
      "release",
    );
  }
}

/**
 * Three short index scans, each over threads with something to do only, merged by how long they have waited. OFFSET 0
 * because few threads have a lease: each must be looked up by its key, whatever the planner expects of the table.
 */
export async function due(
  query: Query,
  {
    now,
    limit,
    agents,
    wantedBefore = Number.MAX_SAFE_INTEGER,
  }: {
    readonly now: number;
    readonly limit: number;
    readonly agents: readonly string[] | undefined;
    readonly wantedBefore?: number | undefined;
  },
): Promise<readonly ThreadId[]> {
  const over = "(l.until <= $1 OR l.until > $2)";
  const of = agents === undefined ? "" : "AND t.agent = ANY($5::text[])";
  const free = `(l.thread IS NULL OR ${over}) ${of}`;
  const { rows } = await query(
    `SELECT id FROM (
       (SELECT t.id, t.wanted_since AS since FROM threads t LEFT JOIN leases l ON l.thread = t.key
        WHERE t.wanted_since <= $4 AND ${free} ORDER BY t.wanted_since LIMIT $3)
       UNION ALL
       (SELECT t.id, t.wake_at FROM threads t LEFT JOIN leases l ON l.thread = t.key
        WHERE t.wake_at <= $1 AND ${free} ORDER BY t.wake_at LIMIT $3)
       UNION ALL
       (SELECT t.id, l.until
        FROM leases l CROSS JOIN LATERAL (SELECT id, agent FROM threads WHERE key = l.thread OFFSET 0) t
        WHERE ${over} ${of} LIMIT $3)
     ) AS waiting GROUP BY id ORDER BY min(since) LIMIT $3`,
    [
      ...roundTimes(now, now + FORGOTTEN_AFTER),
      limit,
      ...roundTimes(wantedBefore),
      ...(agents === undefined ? [] : [agents.map(encodeText)]),
    ],
  );
  return rows.map((row) => threadId(row, "id"));
}
