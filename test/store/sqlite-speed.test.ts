import { stat } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { sampleThread, working } from "../../bench/store-sample.ts";
import { nodeSqlite } from "../../src/store/sqlite/node-sqlite.ts";
import type { SqlDatabase, SqliteDriver } from "../../src/store/sqlite/port.ts";
import type { ListFilter } from "../../src/store/store.ts";
import { createThread, EPOCH, messages, project } from "../../src/testing/store-contract/samples.ts";
import { searchTextOf } from "../../src/thread/search-text.ts";
import { temporaryStore } from "./temporary.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A store that notes the text of every statement it runs. */
async function observedStore() {
  const statements: string[] = [];
  const settings = (): readonly unknown[] =>
    ["synchronous", "journal_mode", "foreign_keys", "secure_delete"].map(
      (name) => connection?.prepare(`PRAGMA ${name}`).get()?.[name],
    );
  let connection: SqlDatabase | undefined;
  const driver: SqliteDriver = (path) => {
    const database = nodeSqlite(path);
    connection = database;
    const noted = (sql: string) => statements.push(sql);
    return {
      ...database,
      exec: (sql) => {
        noted(sql);
        database.exec(sql);
      },
      prepare: (sql) => {
        const { run, get, all } = database.prepare(sql);
        return {
          run: (...values) => {
            noted(sql);
            return run(...values);
          },
          get: (...values) => {
            noted(sql);
            return get(...values);
          },
          all: (...values) => {
            noted(sql);
            return all(...values);
          },
        };
      },
    };
  };
  const temporary = await temporaryStore({ driver });
  cleanUps.push(temporary.close);
  return { ...temporary, statements, settings };
}

const count = (statements: readonly string[], text: string) =>
  statements.filter((sql) => sql === text).length;

describe("the speed of the SQLite store, without a clock", () => {
  it("appends of one turn share a commit; a single append has one of its own", { tags: "F5.9" }, async () => {
    const { store, statements } = await observedStore();
    const ids = await Promise.all(Array.from({ length: 64 }, () => createThread(store)));
    expect(count(statements, "COMMIT")).toBe(2); // all migrations and all 64
    statements.length = 0;
    await Promise.all(
      ids.map(async (id) => {
        for (let seq = 1; seq <= 10; seq++)
          await store.append(id, seq, messages(seq, "x"), { projection: project() });
      }),
    );
    expect(count(statements, "COMMIT")).toBe(10);
    statements.length = 0;
    await store.append(ids[0] ?? (await createThread(store)), 11, messages(11, "x"), {
      projection: project(),
    });
    expect(statements).toHaveLength(4); // BEGIN, UPDATE, INSERT, COMMIT
  });

  it("while several write, writes from different callbacks of one turn share a commit too", {
    tags: "F5.9",
  }, async () => {
    const { store, statements } = await observedStore();
    const ids = await Promise.all(Array.from({ length: 8 }, () => createThread(store)));
    statements.length = 0;
    await Promise.all(
      ids.map(async (id) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await store.append(id, 1, messages(1, "x"), { projection: project() });
      }),
    );
    expect(count(statements, "COMMIT")).toBeLessThan(8);
  });

  it("a writer that is alone lets the rest of the process have its turns", { tags: "F5.9" }, async () => {
    const { store } = await observedStore();
    const id = await createThread(store);
    let turns = 0;
    let writing = true;
    const count = () => {
      turns += 1;
      if (writing) setImmediate(count);
    };
    setImmediate(count);
    for (let seq = 1; seq <= 100; seq++)
      await store.append(id, seq, messages(seq, "x"), { projection: project() });
    writing = false;
    expect(turns).toBeGreaterThanOrEqual(5);
    expect(turns).toBeLessThan(50);
  });

  it("only commits of nothing but leases do without waiting for the disk", { tags: "F5.9" }, async () => {
    const { store, statements, settings } = await observedStore();
    const id = await createThread(store);
    const safe = [2, "wal", 1, 1];
    expect(settings()).toEqual(safe);
    const synchronous = () => statements.splice(0).filter((sql) => sql.startsWith("PRAGMA synchronous"));
    synchronous();
    await store.claim(id, "a", 0, 1);
    expect(synchronous()).toEqual(["PRAGMA synchronous = NORMAL", "PRAGMA synchronous = FULL"]);
    await Promise.all([
      store.renew("a", 0, 1),
      store.append(id, 1, messages(1, "x"), { projection: project() }),
    ]);
    expect(synchronous()).toEqual([]);
    expect(settings()).toEqual(safe);
  });

  it("leases that ran out long ago are cleared away, younger ones are not", { tags: "F12.4" }, async () => {
    const { store, path } = await observedStore();
    const [old, young] = [await createThread(store), await createThread(store)];
    await store.claim(old, "gone", 0, 1000);
    await store.claim(young, "slow", 0, 2000);
    await store.renew("a", 1000 + 3_600_000, 9e9);
    await store.renew("a", 1001 + 3_600_000, 9e9);
    const database = new DatabaseSync(path);
    expect(database.prepare("SELECT owner FROM leases").all()).toEqual([{ owner: "slow" }]);
    database.close();
    expect(await store.renew("slow", 9e9, 9e9)).toEqual([young]);
  });

  it("a step of a working thread writes two pages, however many threads there are", {
    tags: "F5.9",
  }, async () => {
    const { store, path, close } = await temporaryStore();
    cleanUps.push(close);
    await Promise.all(Array.from({ length: 500 }, () => createThread(store)));
    const id = await createThread(store, { findable: [] });
    await store.append(id, 1, messages(1, "x"), { projection: project(), texts: [{ seq: 2, text: "x" }] });
    const pages = async () => ((await stat(`${path}-wal`)).size - 32) / (4096 + 24);
    await store.delete(await createThread(store)); // leaves an empty log
    for (let seq = 2; seq <= 9; seq++) {
      const texts = [{ seq: seq + 1, text: "x" }];
      await store.append(id, seq, messages(seq, "x"), { projection: project(), texts });
    }
    // Its event's and its own; one of the eight may have begun a new page of events.
    expect(await pages()).toBeLessThanOrEqual(2 * 8 + 2);
  });

  it("a thread of 300 steps takes at most twice the bytes of its events as JSON", {
    tags: "F5.9",
  }, async () => {
    const { store, path, close } = await temporaryStore();
    cleanUps.push(close);
    const { id, events } = sampleThread(300);
    await Promise.all(
      events.map((event) => {
        const text = searchTextOf(event);
        const texts = text === "" ? [] : [{ seq: event.seq, text }];
        return store.append(id, event.seq - 1, [event], { projection: working(), texts });
      }),
    );
    await store.close();
    expect((await stat(path)).size).toBeLessThanOrEqual(2 * Buffer.byteLength(JSON.stringify(events)));
  });

  it("lists, due threads and every write go through an index and sort nothing", {
    tags: "F6.9",
  }, async () => {
    const { store, path, statements } = await observedStore();
    const parentThreadId = await createThread(store, { projection: { wakeAt: EPOCH } });
    statements.length = 0;
    const filters: readonly ListFilter[] = [
      {},
      { agent: "a" },
      { status: ["running", "finished"] },
      { status: ["running"], agent: "a" },
      { pending: true },
      { pending: true, agent: "a" },
      { pending: true, agent: "a", status: ["awaiting_approval"] },
      { awaitedEvent: "paid" },
      { parentThreadId },
      { search: "x" },
    ];
    for (const filter of filters) {
      await store.list(filter);
      await store.list({ ...filter, cursor: "5.5" });
    }
    await store.due(5, 5);
    await store.due(5, 5, ["a", "b"]);
    await store.claim(parentThreadId, "me", 0, 5);
    await store.release(parentThreadId, "me");
    await store.append(parentThreadId, 1, messages(1, "x"), { projection: project(), once: "k" });
    const texts = Array.from({ length: 300 }, (_, index) => ({ seq: index + 2, text: "x" }));
    await createThread(store, { texts: texts.map(({ text }) => text), findable: texts });
    await store.unindexed(["a"], 1);
    await store.index(parentThreadId, { after: 0, seq: 2, texts: [], projection: project() });
    await store.list({ search: "x" });
    await store.append(parentThreadId, 2, messages(2, "x"), {
      projection: project({ title: "other" }),
      texts: [{ seq: 3, text: "x" }],
    });
    await store.read(parentThreadId);
    await store.verify(parentThreadId);
    await store.delete(parentThreadId);
    const database = new DatabaseSync(path);
    const queries = [...new Set(statements)].filter((sql) => /^\s*(SELECT|UPDATE|INSERT|DELETE)/.test(sql));
    expect(queries.length).toBeGreaterThan(25);
    for (const sql of queries) {
      const values = Array.from({ length: sql.split("?").length - 1 }, () => null);
      for (const step of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)) {
        const detail = String(step.detail);
        expect(detail, sql).not.toContain("TEMP B-TREE");
        // Walking along an index of only what is wanted is how the first few are found.
        // Leases are as few as the threads that are worked on at the moment.
        // The full-text index is a table of its own kind, and looks words up.
        if (!/USING (COVERING )?INDEX threads_wanted|^SCAN l$|VIRTUAL TABLE INDEX/.test(detail))
          expect(detail, sql).not.toMatch(/^SCAN (?!CONSTANT)/);
      }
    }
    database.close();
  });
});
