import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { bareCode, missingImports } from "../docs/shown-code.ts";
import { contractExample, storageExample } from "./docs-example.ts";
import { temporaryFolder } from "./temporary.ts";

const root = join(import.meta.dirname, "..", "..");
const page = await readFile(join(root, "docs", "storage.md"), "utf8");
const blocks = (language: string) =>
  Array.from(page.matchAll(/```(\w+)\n(.*?)```/gs)).flatMap(([, name, code]) =>
    name === language && code !== undefined ? [code] : [],
  );

describe("docs/storage.md", () => {
  it("its code imports what it uses", { tags: "F5.9" }, () => {
    expect(missingImports(page, "test/store/docs-example.ts")).toEqual([]);
  });

  it("shows the code that is tested here", { tags: "F5.9" }, async () => {
    const example = bareCode(await readFile(join(import.meta.dirname, "docs-example.ts"), "utf8"));
    expect(blocks("ts").length).toBeGreaterThanOrEqual(5);
    for (const code of blocks("ts")) expect(example).toContain(bareCode(code));
  });

  it("its code does what the page says", { tags: "F5.8" }, async () => {
    const folder = await temporaryFolder();
    try {
      const { before, anchored } = await storageExample(folder.path, systemClock);
      expect(before).toEqual({ ok: true, events: 2, erased: 0, problem: undefined });
      expect(anchored).toMatchObject({ ok: true, events: 3, erased: 1 });
    } finally {
      await folder.remove();
    }
  });

  it("its queries run, and the backup they make is a whole store", { tags: "F5.9" }, async () => {
    const folder = await temporaryFolder();
    try {
      const path = join(folder.path, "threads.db");
      await copyFile(join(root, "test", "fixtures", "threads", "v1", "threads.db"), path);
      const database = new DatabaseSync(path);
      const backup = join(folder.path, "backup.db");
      for (const sql of blocks("sql")) {
        const rows = database.prepare(sql.replace("backup.db", backup)).all();
        if (sql.startsWith("SELECT")) expect(rows.length).toBeGreaterThan(0);
      }
      const names = database.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").all();
      for (const { name } of names) expect(page).toContain(`\`${String(name)}\``);
      database.close();
      const [whole, copy] = [await openSqliteStore(path), await openSqliteStore(backup)];
      const { threads } = await whole.list();
      expect((await copy.list()).threads).toEqual(threads);
      for (const { threadId } of threads) expect((await copy.verify(threadId)).ok).toBe(true);
      await whole.close();
      await copy.close();
    } finally {
      await folder.remove();
    }
  });

  contractExample({ describe, it });
});
