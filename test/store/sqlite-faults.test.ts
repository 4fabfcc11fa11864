import { copyFile, mkdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { nodeSqlite, portTo } from "../../src/store/sqlite/node-sqlite.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { SqliteDriver } from "../../src/store/sqlite/port.ts";
import {
  createThread,
  eraseMessages,
  messages,
  numberEvents,
  project,
  startSample,
} from "../../src/testing/store-contract/samples.ts";
import { temporaryFolder, temporaryStore } from "./temporary.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function newFolder(): Promise<string> {
  const folder = await temporaryFolder();
  cleanUps.push(folder.remove);
  return folder.path;
}

async function newStore(options: Parameters<typeof temporaryStore>[0] = {}) {
  const temporary = await temporaryStore(options);
  cleanUps.push(temporary.close);
  return temporary;
}

/** The built-in driver, with some further set-up of each connection. */
function driverWith(...pragmas: readonly string[]): SqliteDriver {
  return (path) => {
    const database = nodeSqlite(path);
    for (const pragma of pragmas) database.exec(pragma);
    return database;
  };
}

const failed = (message: RegExp) => ({ code: "storage_failed", message: expect.stringMatching(message) });
const corrupt = (message: RegExp) => ({ code: "storage_corrupt", message: expect.stringMatching(message) });

describe("opening an SQLite store", () => {
  it("creates the folders and a file that only its owner can read", { tags: "F5.9" }, async () => {
    const path = join(await newFolder(), "deep", "er", "threads.db");
    const store = await openSqliteStore(path);
    await createThread(store);
    for (const suffix of ["", "-wal", "-shm"]) expect((await stat(path + suffix)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it("refuses what is no path of a file", { tags: "F5.9" }, async () => {
    for (const path of ["", ":memory:", "file:threads.db"]) {
      await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "invalid_argument" });
    }
  });

  it("says what is wrong with a path that cannot be used", { tags: "F5.9" }, async () => {
    const folder = await newFolder();
    await expect(openSqliteStore(folder)).rejects.toMatchObject(failed(/cannot be opened/));
    await writeFile(join(folder, "file"), "");
    await expect(openSqliteStore(join(folder, "file", "threads.db"))).rejects.toMatchObject(
      failed(/EEXIST|ENOTDIR/),
    );
  });

  it("refuses a file that is no database, and leaves it as it is", { tags: "F5.9" }, async () => {
    const path = join(await newFolder(), "notes.txt");
    await writeFile(path, "buy milk\n".repeat(500));
    await expect(openSqliteStore(path)).rejects.toMatchObject(corrupt(/not an SQLite database/));
    expect(await readFile(path, "utf8")).toBe("buy milk\n".repeat(500));
  });

  it("refuses a database of another program or of a newer version", { tags: "F5.9" }, async () => {
    const folder = await newFolder();
    const foreign = new DatabaseSync(join(folder, "foreign.db"));
    foreign.exec("CREATE TABLE threads (yarn TEXT)");
    foreign.close();
    await expect(openSqliteStore(join(folder, "foreign.db"))).rejects.toMatchObject(
      failed(/another program/),
    );

    const { path, store } = await newStore();
    await store.close();
    const newer = new DatabaseSync(path);
    newer.exec("INSERT INTO schema_version VALUES (99, 'some day')");
    newer.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject(
      failed(/newer version \(tables of version 99; .* \d+\)/),
    );
  });

  it("an empty file, as an interrupted start leaves it, is a new store", { tags: "F5.9" }, async () => {
    const path = join(await newFolder(), "threads.db");
    await writeFile(path, "");
    const store = await openSqliteStore(path);
    await createThread(store);
    await store.close();
  });
});

describe("faults of an SQLite store", () => {
  it("a full disk: a clear error, nothing half-written, and it goes on when there is room", {
    tags: "F12.5",
  }, async () => {
    const { path, store } = await newStore();
    const id = await createThread(store, { texts: ["one"] });
    await store.close();
    const pages = Math.ceil((await stat(path)).size / 4096) + 20;
    const full = await openSqliteStore(path, { driver: driverWith(`PRAGMA max_page_count = ${pages}`) });
    const other = await createThread(full);
    let seq = 2;
    const huge = "x".repeat(10_000);
    const fill = async () => {
      for (; ; seq++) await full.append(id, seq, messages(seq, huge), { projection: project() });
    };
    await expect(fill()).rejects.toMatchObject(failed(/disk is full; make room/));
    expect(seq).toBeGreaterThan(3);
    expect(await full.read(id)).toHaveLength(seq);
    expect(await full.verify(id)).toMatchObject({ ok: true, events: seq });
    const together = await Promise.allSettled([
      full.append(id, seq, messages(seq, huge.repeat(10)), { projection: project() }),
      full.append(other, 1, messages(1, "small"), { projection: project() }),
    ]);
    expect(together.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    await full.close();

    const roomy = await openSqliteStore(path);
    await roomy.append(id, seq, messages(seq, huge), { projection: project() });
    expect(await roomy.verify(id)).toMatchObject({ ok: true, events: seq + 1 });
    expect(await roomy.read(other)).toHaveLength(2);
    await roomy.close();
  });

  it("a database that cannot be written is read, and says why it does not write", {
    tags: "F12.5",
  }, async () => {
    const { path, store } = await newStore();
    const id = await createThread(store, { texts: ["one"] });
    const driver: SqliteDriver = (file) => portTo(new DatabaseSync(file, { readOnly: true }));
    const reader = await openSqliteStore(path, { driver });
    expect(await reader.read(id)).toHaveLength(2);
    expect((await reader.list()).threads).toHaveLength(1);
    await expect(reader.append(id, 2, messages(2, "x"), { projection: project() })).rejects.toMatchObject(
      failed(/cannot be written; check the permissions/),
    );
    await expect(reader.claim(id, "a", 0, 1)).rejects.toMatchObject(failed(/cannot be written/));
    await reader.close();
    expect(await store.read(id)).toHaveLength(2);
  });

  it("a truncated write-ahead log: what is left is an earlier state, whole", { tags: "F12.5" }, async () => {
    const { path, store } = await newStore();
    const id = await createThread(store, { texts: ["one"] });
    for (let seq = 2; seq < 40; seq++)
      await store.append(id, seq, messages(seq, "text"), { projection: project() });
    const folder = await newFolder();
    const log = (await stat(`${path}-wal`)).size;
    for (const [index, size] of [0, 31, 5000, Math.floor(log / 2), log - 3000, log - 1].entries()) {
      // A copy of the files as a crash leaves them: the shared memory is gone.
      const copy = join(folder, `copy-${index}.db`);
      await copyFile(path, copy);
      await copyFile(`${path}-wal`, `${copy}-wal`);
      await truncate(`${copy}-wal`, size);
      const cut = await openSqliteStore(copy);
      const summary = await cut.summary(id);
      if (summary === undefined) {
        expect(size).toBeLessThan(log / 2);
        await createThread(cut, { id });
      } else {
        const events = await cut.read(id);
        expect(events.length).toBe(summary.seq);
        expect(events.length).toBeLessThan(40);
        expect(await cut.verify(id)).toMatchObject({ ok: true, events: summary.seq });
        await cut.append(id, summary.seq, messages(summary.seq, "it goes on"), { projection: project() });
      }
      await cut.close();
    }
  });

  it("a damaged file: a clear error instead of wrong events", { tags: "F12.5" }, async () => {
    const { path, store } = await newStore();
    const id = await createThread(store, { texts: Array.from({ length: 200 }, () => "x".repeat(500)) });
    await store.close();
    const bytes = await readFile(path);
    bytes.fill(0xab, 4096 * 30, bytes.length - 4096);
    await writeFile(path, bytes);
    const damaged = await openSqliteStore(path);
    await expect(damaged.read(id)).rejects.toMatchObject(corrupt(/damaged; restore a backup/));
    await damaged.close();
  });

  it("an event that comes between two statements of a read is not taken for a lost one", {
    tags: "F12.4",
  }, async () => {
    let between: (() => void) | undefined;
    const driver: SqliteDriver = (path) => {
      const database = nodeSqlite(path);
      return {
        ...database,
        prepare(sql) {
          const statement = database.prepare(sql);
          return {
            ...statement,
            all(...values) {
              const rows = statement.all(...values);
              between?.();
              return rows;
            },
          };
        },
      };
    };
    const { store, path } = await newStore({ driver });
    const id = await createThread(store);
    const other = new DatabaseSync(path);
    between = () => {
      between = undefined;
      other.exec(
        "INSERT INTO events SELECT id + 1, type, v, at, data, salt, digest, erased, said FROM events; UPDATE threads SET seq = 2",
      );
      other.close();
    };
    expect(await store.read(id, 1)).toEqual([]);
    expect(await store.read(id, 1)).toHaveLength(1);
  });

  it("a lock that another process holds is waited for without blocking this one", {
    tags: "F12.5",
  }, async () => {
    const { path, store } = await newStore();
    const id = await createThread(store);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    let settled = false;
    const append = store.append(id, 1, messages(1, "waits"), { projection: project() }).then(() => {
      settled = true;
    });
    const claim = store.claim(id, "a", 0, 1);
    // Each read gets its turn between the tries.
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await store.read(id)).toHaveLength(1);
    }
    expect(settled).toBe(false);
    other.exec("COMMIT");
    other.close();
    await append;
    expect(await claim).toBe(true);
    expect(await store.read(id)).toHaveLength(2);
  });

  it("a lock that is never released ends in an error that says what to look for", {
    tags: "F12.5",
  }, async () => {
    const { path, store } = await newStore();
    const id = await createThread(store);
    const impatient = await openSqliteStore(path, { lockTimeout: 100 });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const writes = [
      impatient.append(id, 1, messages(1, "x"), { projection: project() }),
      impatient.append(id, 1, messages(1, "y"), { projection: project() }),
    ];
    for (const write of writes)
      await expect(write).rejects.toMatchObject(failed(/another process held its lock/));
    other.exec("ROLLBACK");
    other.close();
    await impatient.append(id, 1, messages(1, "z"), { projection: project() });
    await impatient.close();
    expect(await store.read(id)).toHaveLength(2);
  });

  it("a failure inside a group fails only the write that caused it", { tags: "F12.5" }, async () => {
    const { path, store } = await newStore();
    const ids = [await createThread(store), await createThread(store), await createThread(store)] as const;
    const other = new DatabaseSync(path);
    // A row in the place of the second thread's next event: its insert fails, and with it the whole transaction.
    other
      .prepare(
        "INSERT INTO events SELECT (key << 20) + 2, 'paused', 1, '', '{}', NULL, x'00', NULL, NULL FROM threads WHERE id = ?",
      )
      .run(ids[1]);
    other.close();
    const outcomes = await Promise.allSettled(
      ids.map((id) => store.append(id, 1, messages(1, "text"), { projection: project({ title: "later" }) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "storage_failed" } });
    expect(await store.summary(ids[1])).toMatchObject({ seq: 1, title: "a sample thread" });
    for (const id of [ids[0], ids[2]]) expect(await store.verify(id)).toMatchObject({ ok: true, events: 2 });
  });

  it("a failed commit leaves the thread as it was, also in memory", { tags: "F12.5" }, async () => {
    let broken = false;
    const driver: SqliteDriver = (path) => {
      const database = nodeSqlite(path);
      return {
        ...database,
        prepare(sql) {
          const statement = database.prepare(sql);
          if (sql !== "COMMIT") return statement;
          return {
            ...statement,
            run() {
              if (broken) throw Object.assign(new Error("disk I/O error"), { errcode: 1034 });
              return statement.run();
            },
          };
        },
      };
    };
    const { store } = await newStore({ driver });
    const id = await createThread(store);
    broken = true;
    await expect(store.append(id, 1, messages(1, "lost"), { projection: project() })).rejects.toMatchObject(
      failed(/disk failed to read or write/),
    );
    await expect(
      store.append(id, 0, numberEvents(1, [startSample()]), { projection: project() }),
    ).rejects.toBeDefined();
    broken = false;
    await store.append(id, 1, messages(1, "kept"), { projection: project() });
    expect(await store.read(id)).toHaveLength(2);
    expect((await store.verify(id)).ok).toBe(true);
  });

  it("erased and deleted text is in none of the files any more", { tags: "F5.10" }, async () => {
    const { path, store } = await newStore();
    const secret = "Ada Lovelace, born 1815";
    const texts = [secret, "y".repeat(2000)];
    const erased = await createThread(store, { texts, projection: { title: secret } });
    const id = await createThread(store, { texts, projection: { title: secret } });
    const stored = async () => {
      const files = await Promise.all(
        ["", "-wal"].map((suffix) => readFile(path + suffix, "latin1").catch(() => "")),
      );
      return files.join("").split("1815").length - 1;
    };
    expect(await stored()).toBeGreaterThanOrEqual(4);
    await store.delete(id);
    await eraseMessages(store, erased, 3, [2]);
    expect(await stored()).toBe(0);
  });

  it("a folder in the place of the file is not harmed", { tags: "F5.9" }, async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "threads.db"));
    await expect(openSqliteStore(join(folder, "threads.db"))).rejects.toMatchObject({
      code: "storage_failed",
    });
    expect((await stat(join(folder, "threads.db"))).isDirectory()).toBe(true);
  });
});
