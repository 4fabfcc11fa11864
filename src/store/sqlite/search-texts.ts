import { spaceOut } from "../../base/search-words.ts";
import type { Indexing, UnindexedThread } from "../store.ts";
import type { Statements } from "./port.ts";
import { number, textOrNull, threadId } from "./row.ts";
import { EVENTS_PER_THREAD, type ThreadRow } from "./threads.ts";

/** How many texts are put into the index together: one by one would take much longer. */
const TOGETHER = 256;

/** Texts of a thread that are not in the index: those of the events after `after`, up to `upTo`. */
export interface Waiting {
  readonly key: number;
  readonly after: number;
  readonly upTo: number;
}

export function waitingThreads(sql: Statements): readonly Waiting[] {
  return sql(
    `SELECT t.key, t.searchable, CASE t.untold WHEN 1 THEN t.told ELSE t.seq END AS told
     FROM search_waiting w CROSS JOIN threads t ON t.key = w.thread WHERE w.thread > 0`,
  )
    .all()
    .map((row) => ({
      key: number(row, "key"),
      after: number(row, "searchable"),
      upTo: number(row, "told"),
    }));
}

/** Puts texts into the index, and takes them out. All of it runs within the transactions of others. */
export interface SearchIndex {
  /** So many texts of a thread were written beside their events. */
  wrote(key: number, count: number): void;
  /** Removes for good what can be found of these events; `undefined`: of the whole thread. Before their texts are. */
  remove(thread: Pick<ThreadRow, "key">, seqs?: readonly number[]): void;
  /** A transaction was undone: what is known here may be wrong. */
  forget(): void;
}

export function createSearchIndex(sql: Statements): SearchIndex {
  let waiting: number | undefined;
  const putIn = () => {
    for (const { key, after, upTo } of waitingThreads(sql)) {
      const first = key * EVENTS_PER_THREAD;
      sql(
        "INSERT INTO search_words (rowid, said) SELECT id, said FROM events WHERE id > ? AND id <= ? AND said IS NOT NULL",
      ).run(first + after, first + upTo);
      sql("UPDATE threads SET searchable = ? WHERE key = ?").run(upTo, key);
    }
    sql("DELETE FROM search_waiting WHERE thread > 0").run();
    waiting = 0;
  };
  return {
    wrote(key, count) {
      if (count === 0) return;
      sql("INSERT OR IGNORE INTO search_waiting (thread) VALUES (?)").run(key);
      waiting ??= waitingThreads(sql).reduce((sum, { after, upTo }) => sum + upTo - after, 0);
      waiting += count;
      if (waiting >= TOGETHER) putIn();
    },
    remove({ key }, seqs) {
      const row = sql("SELECT searchable FROM threads WHERE key = ?").get(key);
      const searchable = row === undefined ? 0 : number(row, "searchable");
      const first = key * EVENTS_PER_THREAD;
      const numbers = seqs ?? Array.from({ length: searchable }, (_, index) => index + 1);
      for (const seq of numbers) {
        if (seq > searchable) continue;
        const event = sql("SELECT said FROM events WHERE id = ?").get(first + seq);
        const said = event === undefined ? null : textOrNull(event, "said");
        if (said === null) continue;
        // The index is told what it holds: it does not keep the texts itself.
        sql("INSERT INTO search_words (search_words, rowid, said) VALUES ('delete', ?, ?)").run(
          first + seq,
          said,
        );
      }
    },
    forget() {
      waiting = undefined;
    },
  };
}

/** Threads of these agents that cannot be found by all they say: the latest first, and how many there are. */
export function unindexed(
  sql: Statements,
  agents: readonly string[],
  limit: number,
  countTo = Number.POSITIVE_INFINITY,
): { readonly threads: readonly UnindexedThread[]; readonly count: number } {
  const threads: UnindexedThread[] = [];
  let count = 0;
  for (const agent of new Set(agents)) {
    const of = "FROM threads INDEXED BY threads_untold WHERE agent = ? AND untold = 1";
    count += countOf(sql, { of, agent, countTo: countTo - count });
    const rows = sql(`SELECT id, told ${of} ORDER BY listed_at DESC LIMIT ?`).all(
      agent,
      Math.max(0, limit - threads.length),
    );
    for (const row of rows) threads.push({ threadId: threadId(row, "id"), after: number(row, "told") });
  }
  return { threads, count };
}

/** How many rows there are, up to `countTo`: to count a hundred thousand takes as long as the page they are for. */
function countOf(
  sql: Statements,
  { of, agent, countTo }: { readonly of: string; readonly agent: string; readonly countTo: number },
): number {
  if (countTo <= 0) return 0;
  const isThere =
    Number.isFinite(countTo) && sql(`SELECT 1 ${of} LIMIT 1 OFFSET ?`).get(agent, countTo - 1) !== undefined;
  return isThere ? countTo : number(sql(`SELECT count(*) AS n ${of}`).get(agent) ?? {}, "n");
}

/** Writes the texts of events that are there. Returns false if the thread has changed, or somebody else was first. */
export function writeTexts(
  sql: Statements,
  key: number,
  { after, seq, texts, projection: { subject, requester, tokens } }: Indexing,
): boolean {
  const who = requester === null ? null : JSON.stringify(requester);
  // An earlier release has not filled the other columns.
  const changed = sql(
    `UPDATE threads SET untold = 0, subject = ?, requester = ?, tokens = ?
     WHERE key = ? AND seq = ? AND untold = 1 AND told = ?`,
  ).run(subject, who, tokens, key, seq, after);
  if (changed === 0) return false;
  for (const one of texts) {
    sql("UPDATE events SET said = ? WHERE id = ?").run(spaceOut(one.text), key * EVENTS_PER_THREAD + one.seq);
  }
  return true;
}
