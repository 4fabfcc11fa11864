import type { ThreadId } from "../../base/ids.ts";
import type { Indexing, UnindexedThread } from "../store.ts";
import type { Query } from "./database.ts";
import { number, threadId } from "./row.ts";
import { insertTexts, textColumns } from "./search-texts.ts";
import { encodeText } from "./text.ts";
import { lockThread } from "./threads.ts";

/** Threads of these agents that cannot be found by all they say: the latest first, and how many there are. */
export async function unindexed(
  query: Query,
  agents: readonly string[],
  limit: number,
  countTo = Number.POSITIVE_INFINITY,
): Promise<{ readonly threads: readonly UnindexedThread[]; readonly count: number }> {
  const names = agents.map(encodeText);
  const counted = await query(
    "SELECT count(*) AS n FROM (SELECT 1 FROM threads WHERE unindexed AND agent = ANY($1::text[]) LIMIT $2) AS t",
    [names, Number.isFinite(countTo) ? countTo : null],
  );
  const { rows } = await query(
    `SELECT id, searchable FROM threads WHERE unindexed AND agent = ANY($1::text[]) ORDER BY listed_at DESC LIMIT $2`,
    [names, limit],
  );
  const threads = rows.map((row) => ({ threadId: threadId(row, "id"), after: number(row, "searchable") }));
  return { threads, count: number(counted.rows[0] ?? {}, "n") };
}

/** Call it within a transaction. */
export async function indexTexts(
  query: Query,
  id: ThreadId,
  { after, seq, texts, projection }: Indexing,
): Promise<boolean> {
  const thread = await lockThread(query, id);
  if (thread === undefined || thread.seq !== seq) return false;
  const { subject, requester, tokens } = projection;
  const who = requester === null ? null : encodeText(JSON.stringify(requester));
  const { count } = await query(
    `UPDATE threads SET unindexed = false, searchable = $2, subject = $4, requester = $5, tokens = $6
     WHERE key = $1 AND unindexed AND searchable = $3`,
    [thread.key, seq, after, encodeText(subject), who, tokens],
  );
  if (count === 0) return false;
  await query(insertTexts("$4::bigint", ["$1", "$2", "$3"]), [...textColumns(texts), thread.key]);
  return true;
}
