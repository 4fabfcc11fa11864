import { SequenceConflictError } from "../../base/errors.ts";
import { checkProjection, checkTime } from "../check.ts";
import { encodeEvents } from "../encode.ts";
import { KEPT_CONTENT, standInsOf } from "../erasure.ts";
import type { AppendOptions, AppendOutcome, ThreadStore } from "../store.ts";
import { createCommitQueue } from "./commit-queue.ts";
import { readEvents, replaceContent, replacementsFor } from "./events.ts";
import { claim, due, release, renew } from "./leases.ts";
import { listThreads, summaryIn } from "./list.ts";
import { type SqlDatabase, statementsOf } from "./port.ts";
import { number, threadId as threadIdIn } from "./row.ts";
import { createSearchIndex, unindexed, writeTexts } from "./search-texts.ts";
import { forgetState, keepState, readState, verifyWithState } from "./states.ts";
import {
  type Addition,
  EVENTS_PER_THREAD,
  loadThread,
  noThread,
  type ThreadCache,
  writeEvents,
} from "./threads.ts";
import { forgetValues, getValue, setValue } from "./values.ts";

/** A store on an open database whose tables are up to date. */
export function sqliteStore(
  database: SqlDatabase,
  options: { readonly path: string; readonly lockTimeout: number },
): ThreadStore {
  const sql = statementsOf(database);
  const cache: ThreadCache = new Map();
  const searchIndex = createSearchIndex(sql);
  const onRollback = () => {
    cache.clear();
    searchIndex.forget();
  };
  const queue = createCommitQueue(database, sql, { ...options, onRollback });

  let closing: Promise<void> | undefined;

  const append = (addition: Addition, { once, before, texts = [] }: AppendOptions): AppendOutcome => {
    const first = once === undefined ? undefined : firstUse(once);
    if (first !== undefined) return first;
    const written = writeEvents(sql, cache, addition);
    if (written.kind === "not_claimed") return written;
    const { threadId, expectedSeq, events, projection } = addition;
    if (written.before !== undefined && before !== undefined) {
      const after = { seq: expectedSeq + events.length, atRest: projection.status !== "running" };
      keepState(sql, { threadId, before: written.before, state: before }, after);
    }
    // After a gap, they come with those of the gap.
    const now = cache.get(threadId);
    if (now?.untold === false) searchIndex.wrote(now.key, texts.length);
    if (once !== undefined) {
      sql("INSERT INTO once (key, thread, seq) SELECT ?, key, ? FROM threads WHERE id = ?").run(
        once,
        expectedSeq + events.length,
        threadId,
      );
    }
    return { kind: "appended" };
  };

  const firstUse = (once: string): AppendOutcome | undefined => {
    const row = sql("SELECT t.id, o.seq FROM once o JOIN threads t ON t.key = o.thread WHERE o.key = ?").get(
      once,
    );
    return row && { kind: "duplicate", threadId: threadIdIn(row, "id"), seq: number(row, "seq") };
  };

  return {
    async append(threadId, expectedSeq, events, options) {
      const { projection, texts, claim } = options;
      checkProjection(projection);
      const encoded = encodeEvents(expectedSeq, events);
      const addition = { threadId, expectedSeq, events: encoded, projection, texts, claim };
      return queue.write(threadId, "synced", () => append(addition, options));
    },
    read: (threadId, after = 0) => queue.read(() => readEvents(sql, threadId, after)),
    state: (threadId) => queue.read(() => readState(sql, threadId)),
    summary: (threadId) =>
      queue.read(() => {
        const row = sql("SELECT * FROM threads WHERE id = ?").get(threadId);
        return row && summaryIn(row);
      }),
    summaries: (threadIds) =>
      queue.read(() =>
        sql("SELECT t.* FROM json_each(?) AS wanted JOIN threads t ON t.id = wanted.value")
          .all(JSON.stringify(threadIds))
          .map(summaryIn),
      ),
    list: (filter = {}) => queue.read(() => listThreads(sql, filter)),
    verify: (threadId, anchor) => queue.read(() => verifyWithState(sql, threadId, anchor)),
    unindexed: (agents, limit, countTo) => queue.read(() => unindexed(sql, agents, limit, countTo)),
    index: async (threadId, indexing) => {
      checkProjection(indexing.projection);
      return queue.write(threadId, "synced", () => {
        const thread = loadThread(sql, threadId);
        if (thread === undefined || !writeTexts(sql, thread.key, indexing)) return false;
        cache.delete(threadId);
        searchIndex.wrote(thread.key, indexing.texts.length);
        return true;
      });
    },
    async erase(threadId, expectedSeq, { replacements, record, projection, texts }) {
      checkProjection(projection);
      const standIns = standInsOf(replacements, record);
      const events = encodeEvents(expectedSeq, [record]);
      return queue.write(threadId, "scrubbed", () => {
        const thread = loadThread(sql, threadId);
        if (thread === undefined) throw noThread(threadId);
        if (thread.seq !== expectedSeq) throw new SequenceConflictError(threadId, expectedSeq, thread.seq);
        const replacements = replacementsFor(sql, threadId, thread.key, standIns);
        writeEvents(sql, cache, { threadId, expectedSeq, events, projection, texts });
        searchIndex.remove(
          thread,
          standIns.map(({ seq }) => seq),
        );
        if (texts !== undefined && !thread.untold) searchIndex.wrote(thread.key, texts.length);
        replaceContent(sql, thread.key, replacements);
        forgetState(sql, thread.key);
        sql("DELETE FROM named_values WHERE about = ? AND substr(name, 1, ?) = ?").run(
          threadId,
          KEPT_CONTENT.length,
          KEPT_CONTENT,
        );
      });
    },
    delete: (threadId, expectedSeq) =>
      queue.write(threadId, "scrubbed", () => {
        const thread = loadThread(sql, threadId);
        if (thread === undefined) return false;
        if (expectedSeq !== undefined && thread.seq !== expectedSeq) {
          throw new SequenceConflictError(threadId, expectedSeq, thread.seq);
        }
        sql("DELETE FROM named_values WHERE about = ?").run(threadId);
        cache.delete(threadId);
        searchIndex.remove(thread);
        const first = thread.key * EVENTS_PER_THREAD;
        sql("DELETE FROM events WHERE id >= ? AND id < ?").run(first, first + EVENTS_PER_THREAD);
        return sql("DELETE FROM threads WHERE key = ?").run(thread.key) === 1;
      }),

    async claim(threadId, owner, now, until) {
      checkTime("until", until);
      return queue.write(threadId, "visible", () => claim(sql, threadId, { owner, now, until }));
    },
    async renew(owner, now, until) {
      checkTime("until", until);
      return queue.write(owner, "visible", () => renew(sql, owner, now, until));
    },
    release: (threadId, owner) => queue.write(threadId, "visible", () => release(sql, threadId, owner)),
    due: (now, limit, agents, { wantedBefore } = {}) =>
      queue.read(() => due(sql, { now, limit, agents, wantedBefore })),

    getValue: (key) => queue.read(() => getValue(sql, key)),
    async setValue(key, value, expected, options = {}) {
      if (options.expiresAt !== undefined) checkTime("expiresAt", options.expiresAt);
      return queue.write(key, "synced", () => setValue(sql, key, { value, expected, ...options }));
    },
    forgetValues: (now) => queue.write("values", "visible", () => forgetValues(sql, now)),

    close: () => {
      closing ??= queue.close().finally(() => database.close());
      return closing;
    },
  };
}
