import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { SCHEMA_VERSION } from "../../src/store/sqlite/migrate.ts";
import { nodeSqlite } from "../../src/store/sqlite/node-sqlite.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { SqliteDriver } from "../../src/store/sqlite/port.ts";
import { EVENTS } from "../../src/thread/events.ts";
import { scenarioId } from "../fixtures/releases/scenario.ts";
import { temporaryFolder } from "../store/temporary.ts";
import { copyOfFile, openFile, recorded, recordedThread } from "./release.ts";

/** Everything that the file says, tables and rows alike. */
function dump(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const schema = database.prepare("SELECT type, name, sql FROM sqlite_master ORDER BY name").all();
  const rows = schema
    .filter(({ type }) => type === "table")
    .map(({ name }) => [name, database.prepare(`SELECT * FROM ${name}`).all()]);
  database.close();
  return { schema, rows };
}

function alter(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

class DiskError extends Error {}

/** Fails at the statement of this number of those that change something; counts them. */
function failingAt(statement: number): { readonly driver: SqliteDriver; readonly count: () => number } {
  let count = 0;
  const next = () => {
    count += 1;
    if (count === statement) throw new DiskError(`statement ${statement} fails`);
  };
  const driver: SqliteDriver = (path) => {
    const database = nodeSqlite(path);
    return {
      ...database,
      exec(sql) {
        // A migration is one text with many statements.
        for (const one of sql.split(";").filter((part) => part.trim() !== "")) {
          if (!one.includes("PRAGMA")) next();
          database.exec(one);
        }
      },
      prepare(sql) {
        const prepared = database.prepare(sql);
        const run: typeof prepared.run = (...values) => {
          if (sql === "COMMIT") next();
          return prepared.run(...values);
        };
        return { ...prepared, run };
      },
    };
  };
  return { driver, count: () => count };
}

/** Opens the file again and again, failing one statement later each time; it must be as it was each time. */
async function failAtEachStatement(makeFile: () => Promise<string>): Promise<number> {
  const path = await makeFile();
  const before = dump(path);
  for (let statement = 1; ; statement++) {
    const { driver, count } = failingAt(statement);
    const failed = await openSqliteStore(path, { driver }).then(
      async (store) => {
        await store.close();
        return false;
      },
      () => true,
    );
    if (!failed) return count();
    expect(dump(path), `statement ${statement}`).toEqual(before);
  }
}

describe("bringing a file up to date", { tags: ["F5.5"] }, () => {
  it("happens as a whole or not at all, from the release before and from nothing", async () => {
    await failAtEachStatement(copyOfFile);
    const { path: folder, remove } = await temporaryFolder();
    const whole = await failAtEachStatement(async () => {
      const path = join(folder, "threads.db");
      new DatabaseSync(path).close();
      return path;
    });
    expect(whole).toBeGreaterThan(20);
    await remove();
  });

  it("is done once: opening the file again changes nothing", async () => {
    const path = await copyOfFile();
    await (await openSqliteStore(path)).close();
    const migrated = dump(path);
    expect(migrated).toMatchObject({
      rows: expect.arrayContaining([["schema_version", expect.objectContaining({ length: SCHEMA_VERSION })]]),
    });
    await (await openSqliteStore(path)).close();
    expect(dump(path)).toEqual(migrated);
  });
});

describe("a file of a newer release", { tags: ["F5.5"] }, () => {
  it("is refused by name when it is opened, and left as it is", async () => {
    const path = await copyOfFile();
    await (await openSqliteStore(path)).close();
    const newer = SCHEMA_VERSION + 1;
    alter(path, `CREATE TABLE novelty (id INTEGER); INSERT INTO schema_version VALUES (${newer}, 'later')`);
    const before = dump(path);
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(
        new RegExp(
          `${path} was written by a newer version \\(tables of version ${newer}; this one knows ${SCHEMA_VERSION}\\); update this package`,
        ),
      ),
      details: { path, found: newer, known: SCHEMA_VERSION },
    });
    expect(dump(path)).toEqual(before);
  });

  it("is refused by 0.1.0, if today's code writes anything that 0.1.0 cannot read", () => {
    // 0.1.0 looks at the version of the tables alone before it opens a file.
    const unknownThen = Object.entries(EVENTS).filter(
      ([type, { version }]) => version > (recorded.versions[type] ?? 0),
    );
    expect(unknownThen.length === 0 || SCHEMA_VERSION > recorded.tables).toBe(true);
  });

  it("an event of a newer version is refused by name, where it stands; other threads are readable", async () => {
    const path = await copyOfFile();
    alter(
      path,
      "UPDATE events SET v = 99 WHERE type = 'approval_requested' AND id >> 20 = (SELECT key FROM threads WHERE id = 'thr_policy')",
    );
    const store = await openFile(path);
    const { version } = EVENTS.approval_requested;
    await expect(store.read(scenarioId("policy"))).rejects.toMatchObject({
      code: "storage_corrupt",
      message: expect.stringMatching(
        new RegExp(
          `event 4 of thread thr_policy .*version 99 of the event type approval_requested is not known; the newest is ${version}: a newer version wrote it`,
        ),
      ),
    });
    expect(await store.verify(scenarioId("policy"))).toMatchObject({ ok: false, problem: { seq: 4 } });
    const { seq } = recordedThread("told");
    expect(await store.read(scenarioId("told"))).toHaveLength(seq);
    expect((await store.list({ limit: 1000 })).threads).toHaveLength(recorded.threads.length);
  });
});
