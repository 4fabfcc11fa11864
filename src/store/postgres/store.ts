import { SequenceConflictError, StorageError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import { linkDigest } from "../../thread/chain.ts";
import { checkProjection, checkTime } from "../check.ts";
import { encodeEvents } from "../encode.ts";
import { KEPT_CONTENT, standInsOf } from "../erasure.ts";
import type { ThreadStore } from "../store.ts";
import { append } from "./append.ts";
import type { Database, Query } from "./database.ts";
import { hasEvent, readThread, replaceContent } from "./events.ts";
import { extendInGroups, extendThread } from "./extend.ts";
import { inGroups } from "./group.ts";
import { claim, due, type Release, release, renew } from "./leases.ts";
import { listThreads } from "./list.ts";
import type { Row } from "./row.ts";
import { indexTexts, unindexed } from "./search-index.ts";
import { removeTexts } from "./search-texts.ts";
import { forgetState, readState, verifyWithState } from "./states.ts";
import { learn, type ThreadCache } from "./thread-cache.ts";
import { lockThread, noThread, SUMMARY, summaryIn } from "./threads.ts";
import { forgetValues, getValue, setValue } from "./values.ts";

/** Threads that are let go, or looked at, in one statement. */
const MOST_AT_ONCE = 100;

/** A store on a database whose tables are up to date. `forGroups`: the same database, for what is written in groups. */
export function postgresStore(database: Database, forGroups: Database): ThreadStore {
  const cache: ThreadCache = new Map();
  const appender = { database, cache, extendTogether: extendInGroups(forGroups) };
  const inTurn = createTurns<ThreadId>();
  const { again, once, transaction } = database;
  const letGo = inGroups(
    async (group: readonly Release[]) => {
      await again((query) => release(query, group));
      return group.map(() => undefined);
    },
    { most: MOST_AT_ONCE },
  );
  const readRow = inGroups(
    async (group: readonly ThreadId[]) => {
      const rows = await again((query) => readRows(query, group));
      const byId = new Map(rows.map((row) => [row["id"], row]));
      return group.map((id) => byId.get(id));
    },
    { most: MOST_AT_ONCE },
  );
  return {
    async append(threadId, expectedSeq, events, options) {
      const { projection, texts, before } = options;
      checkProjection(projection);
      const encoded = encodeEvents(expectedSeq, events);
      const appending = { threadId, expectedSeq, events: encoded, projection, texts, before };
      return inTurn(threadId, () => append(appender, appending, options));
    },
    read: (threadId, after = 0) =>
      again(async (query) => {
        const { events, row } = await readThread(query, threadId, after);
        learn(cache, threadId, row);
        return events;
      }),
    state: (threadId) =>
      again(async (query) => {
        const { state, row } = await readState(query, threadId);
        learn(cache, threadId, row);
        return state;
      }),
    summary: async (threadId) => {
      const row = await readRow(threadId);
      return row && summaryIn(row);
    },
    summaries: async (threadIds) => (await again((query) => readRows(query, threadIds))).map(summaryIn),
    list: (filter = {}) => again((query) => listThreads(query, filter)),
    verify: (threadId, anchor) => again((query) => verifyWithState(query, threadId, anchor)),
    unindexed: (agents, limit, countTo) => again((query) => unindexed(query, agents, limit, countTo)),
    async index(threadId, indexing) {
      checkProjection(indexing.projection);
      const work = transaction((query) => indexTexts(query, threadId, indexing));
      return inTurn(threadId, () => again(work));
    },
    async erase(threadId, expectedSeq, { replacements, record, projection, texts }) {
      checkProjection(projection);
      const standIns = standInsOf(replacements, record);
      const events = encodeEvents(expectedSeq, [record]);
      let digest: string | undefined;
      const work = transaction(async (query) => {
        const before = await lockThread(query, threadId);
        if (before === undefined) throw noThread(threadId);
        if (before.seq !== expectedSeq) throw new SequenceConflictError(threadId, expectedSeq, before.seq);
        await replaceContent(query, threadId, before.key, standIns);
        await forgetState(query, before.key);
        await query("DELETE FROM named_values WHERE about = $1 AND starts_with(name, $2)", [
          threadId,
          KEPT_CONTENT,
        ]);
        await removeTexts(
          query,
          before.key,
          standIns.map(({ seq }) => seq),
        );
        const digests = events.map((event) => linkDigest(before.head, event.seq, event, event.content));
        digest = digests[0];
        const addition = { events, digests, projection, texts };
        await extendThread(query, { before, addition, claim: undefined });
      });
      return inTurn(threadId, () =>
        once(work, async (query) =>
          digest !== undefined && (await hasEvent(query, threadId, expectedSeq + 1, digest))
            ? { value: undefined }
            : undefined,
        ).finally(() => cache.delete(threadId)),
      );
    },
    delete: (threadId, expectedSeq) =>
      inTurn(threadId, () =>
        again(transaction((query) => deleteThread(query, threadId, expectedSeq))).finally(() => {
          cache.delete(threadId);
        }),
      ),

    async claim(threadId, owner, now, until) {
      checkTime("until", until);
      return again((query) => claim(query, threadId, { owner, now, until }));
    },
    async renew(owner, now, until) {
      checkTime("until", until);
      return again((query) => renew(query, owner, now, until));
    },
    release: (threadId, owner) => letGo({ threadId, owner }),
    due: (now, limit, agents, { wantedBefore } = {}) =>
      again((query) => due(query, { now, limit, agents, wantedBefore })),

    getValue: (key) => again((query) => getValue(query, key)),
    async setValue(key, value, expected, options = {}) {
      if (options.expiresAt !== undefined) checkTime("expiresAt", options.expiresAt);
      let set = false;
      return once(
        async (query) => {
          set = false;
          set = await setValue(query, key, { value, expected, ...options });
          return set;
        },
        async (query) => {
          if (set) return { value: true };
          if ((await getValue(query, key)) !== value || value === expected) return undefined;
          // Somebody else may have set the same value, and it is impossible to tell whose it is.
          const message = `the connection was lost while ${key} was set: it has the new value, set by this or by another process`;
          throw new StorageError("storage_failed", message, { details: { key } });
        },
      );
    },
    forgetValues: (now) => again((query) => forgetValues(query, now)),

    async close() {
      await inTurn.settled();
      await Promise.all([database.close(), forGroups.close()]);
    },
  };
}

async function deleteThread(query: Query, id: ThreadId, expectedSeq: number | undefined): Promise<boolean> {
  const thread = await lockThread(query, id);
  if (thread === undefined) return false;
  if (expectedSeq !== undefined && thread.seq !== expectedSeq) {
    throw new SequenceConflictError(id, expectedSeq, thread.seq);
  }
  await query("DELETE FROM named_values WHERE about = $1", [id]);
  await query("DELETE FROM once WHERE thread = $1", [id]);
  await query("DELETE FROM events WHERE thread = $1", [thread.key]);
  return (await query("DELETE FROM threads WHERE key = $1", [thread.key])).count === 1;
}

async function readRows(query: Query, ids: readonly ThreadId[]): Promise<readonly Row[]> {
  const sql = `SELECT ${SUMMARY} FROM threads WHERE id = ANY($1::text[])`;
  return (await query(sql, [[...ids]], "summaries")).rows;
}

interface Turns<Key> {
  /** Runs the work for one key in sequence, in the order in which it was asked for. */
  <T>(key: Key, work: () => Promise<T>): Promise<T>;
  /** Resolves once all work so far is done. */
  settled(): Promise<void>;
}

function createTurns<Key>(): Turns<Key> {
  const last = new Map<Key, Promise<unknown>>();
  const take = <T>(key: Key, work: () => Promise<T>): Promise<T> => {
    const before = last.get(key);
    const result = before === undefined ? work() : before.then(work, work);
    last.set(key, result);
    const forget = () => {
      if (last.get(key) === result) last.delete(key);
    };
    result.then(forget, forget);
    return result;
  };
  const settled = async () => {
    while (last.size > 0) await Promise.allSettled(last.values());
  };
  return Object.assign(take, { settled });
}
