import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  createMemoryStore,
  createRuntime,
  defineAgent,
  finish,
  type Thread,
  type ThreadStore,
  type TwelvefoldConfig,
  verifiedBy,
} from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { scriptedSteps } from "../../src/testing/index.ts";
import { DOOR_IMPORTS, declareGlobals, snippetsOf, use } from "../docs/run-snippets.ts";
import { temporaryFolder } from "./temporary.ts";

const root = join(import.meta.dirname, "..", "..");
const page = await readFile(join(root, "docs", "storage.md"), "utf8");
const blocks = (language: string) =>
  Array.from(page.matchAll(/```(\w+)\n(.*?)```/gs)).flatMap(([, name, code]) =>
    name === language && code !== undefined ? [code] : [],
  );

const [storing, rewriting, verifying, erasing, erasingInStore, keeping, , contract] = snippetsOf(
  "docs/storage.md",
  // The page's `describe` and `it` are those of this run.
  { ...DOOR_IMPORTS, "node:test": "node_modules/vitest/dist/index.js" },
);
await use(contract);
afterEach(() => void vi.unstubAllGlobals());

describe("docs/storage.md", () => {
  it("its code does what the page says", { tags: ["F5.8", "F5.9"] }, async () => {
    const folder = await temporaryFolder();
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      const { store, thread } = await use<{ store: ThreadStore; thread: Thread }>(storing);
      declareGlobals({ store, threadId: thread.id });
      await use(rewriting);
      const { events, head } = await store.verify(thread.id);
      await use(verifying);
      await use(erasingInStore);
      const anchored = await store.verify(thread.id, { seq: events, digest: head });
      expect(anchored).toMatchObject({ ok: true, events: 3, erased: 1 });
      await store.close();
    } finally {
      process.chdir(before);
      await folder.remove();
    }
  });

  it("its code erases and deletes what has ended", { tags: "F5.8" }, async () => {
    const agent = defineAgent(scriptedSteps<{ intent: "done" }>([{ intent: "done" }]), {
      name: "done",
      steps: { done: finish(() => "done") },
    });
    const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
    const input = { message: "hi", from: verifiedBy("web", "ann") };
    const { threadId } = await runtime.launch({ agent: "done", input });
    await runtime.settled(threadId);
    declareGlobals({ runtime, threadId, agents: [agent] });
    await use(erasing);
    await expect(runtime.store.read(threadId)).rejects.toMatchObject({ code: "not_found" });
    const { default: config } = await use<{ default: TwelvefoldConfig }>(keeping);
    expect(config.retention).toHaveLength(2);
    await runtime.stop();
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
});
