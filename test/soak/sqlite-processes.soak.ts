import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseThreadId } from "../../src/base/ids.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { createThread, messages, project } from "../../src/testing/store-contract/samples.ts";
import { runChild, startChild, startLimitedChild } from "../store/children.ts";
import { temporaryFolder, temporaryStore } from "../store/temporary.ts";

const raceReport = z.object({
  appended: z.record(z.string(), z.number()),
  claimed: z.array(z.string()),
  delivered: z.number(),
});
const migrationReport = z.object({ statements: z.number() });

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function newPath(): Promise<string> {
  const folder = await temporaryFolder();
  cleanUps.push(folder.remove);
  return join(folder.path, "threads.db");
}

/** Every append that a child has reported must be there, and every chain whole. Gives the highest reported number. */
async function expectAllThere(path: string, reported: readonly string[]): Promise<void> {
  const last = new Map<string, number>();
  for (const line of reported) {
    const [id = "", seq] = line.split(" ");
    last.set(id, Number(seq));
  }
  expect(last.size).toBeGreaterThan(0);
  const store = await openSqliteStore(path);
  for (const { threadId } of (await store.list({ limit: 1000 })).threads) {
    const events = await store.read(threadId);
    expect(events.length).toBeGreaterThanOrEqual(last.get(threadId) ?? 0);
    expect(await store.verify(threadId)).toMatchObject({ ok: true, events: events.length });
    await store.append(threadId, events.length, messages(events.length, "it goes on"), {
      projection: project(),
    });
    last.delete(threadId);
  }
  expect([...last.keys()]).toEqual([]);
  await store.close();
}

describe("several processes on one SQLite file", () => {
  it("nothing is lost or done twice when three write to the same threads", {
    tags: "F12.4",
    timeout: 60_000,
  }, async () => {
    const { store, path, close } = await temporaryStore();
    cleanUps.push(close);
    const ids = await Promise.all(Array.from({ length: 12 }, () => createThread(store)));
    const children = await Promise.all(
      ["a", "b", "c"].map((name) => runChild("race.ts", path, name, "250", ...ids)),
    );
    const done = children.flat().map((report) => raceReport.parse(report));
    let total = 0;
    for (const id of ids) {
      const appended = done.reduce((sum, { appended }) => sum + (appended[id] ?? 0), 0);
      expect(await store.verify(id)).toMatchObject({ ok: true, events: 1 + appended });
      total += appended;
    }
    expect(total).toBe(3 * 4 * 250);
    expect(done.flatMap(({ claimed }) => claimed).toSorted()).toEqual(ids.toSorted());
    expect(done.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(50);
    expect((await store.list({ limit: 1000 })).threads).toHaveLength(12 + 50);
  });

  it("a process killed while it writes loses nothing that was acknowledged", {
    tags: "F12.5",
    timeout: 60_000,
  }, async () => {
    for (const lines of [1, 9, 40, 300, 1000, 2500]) {
      const path = await newPath();
      const child = startChild("append-until-killed.ts", path);
      const reported: string[] = [];
      for await (const line of child.lines) {
        reported.push(line);
        if (reported.length === lines) child.process.kill("SIGKILL");
      }
      expect((await child.ended).signal).toBe("SIGKILL");
      expect(reported.length).toBeGreaterThanOrEqual(lines);
      await expectAllThere(path, reported);
    }
  });

  it("a disk without room gives a clear error and loses nothing", { tags: "F12.5" }, async () => {
    const path = await newPath();
    const child = startLimitedChild(3000, "append-until-killed.ts", path, "20000");
    const reported: string[] = [];
    for await (const line of child.lines) reported.push(line);
    const { code, errors } = await child.ended;
    expect(code).toBe(1);
    expect(JSON.parse(errors)).toMatchObject({
      code: "storage_failed",
      message: expect.stringMatching(/the disk failed to read or write|the disk is full/),
    });
    await expectAllThere(path, reported);
  });

  it("two processes that open a new file at the same time both find it ready", {
    tags: "F12.5",
  }, async () => {
    const path = await newPath();
    await Promise.all(Array.from({ length: 4 }, () => runChild("migrate.ts", path)));
    const store = await openSqliteStore(path);
    expect(await store.getValue("opened by")).toMatch(/^[0-9]+$/);
    expect((await store.list()).threads).toEqual([]);
    await store.close();
  });

  it("a process killed at any statement of a migration leaves a file that opens", {
    tags: "F12.5",
    timeout: 180_000,
  }, async () => {
    const [whole] = await runChild("migrate.ts", await newPath());
    const { statements } = migrationReport.parse(whole);
    expect(statements).toBeGreaterThan(25);
    const killAt = async (statement: number) => {
      const path = await newPath();
      const { signal } = await startChild("migrate.ts", path, String(statement)).ended;
      expect(signal).toBe("SIGKILL");
      const store = await openSqliteStore(path);
      const id = await createThread(store, { texts: ["after"] });
      expect(parseThreadId(id)).toBe(id);
      expect((await store.verify(id)).ok).toBe(true);
      await store.close();
    };
    const all = Array.from({ length: statements }, (_, index) => index + 1);
    for (let next = 0; next < all.length; next += 4) await Promise.all(all.slice(next, next + 4).map(killAt));
  });
});
