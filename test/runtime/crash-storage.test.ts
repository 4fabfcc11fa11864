import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { StorageError } from "../../src/base/errors.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { nodeSqlite } from "../../src/store/sqlite/node-sqlite.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { SqlDatabase } from "../../src/store/sqlite/port.ts";
import { type ExampleStep, exampleAgent } from "./example-agent.ts";

const ada = verifiedBy("terminal", "ada");
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A runtime on a file whose database can be spoilt while it is open. */
async function onDisk(script: readonly ExampleStep[], pay?: (database: SqlDatabase) => unknown) {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-storage-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  let database: SqlDatabase | undefined;
  const driver = (path: string) => {
    database = nodeSqlite(path);
    return database;
  };
  const store = await openSqliteStore(join(folder, "threads.db"), { driver });
  const opened = database;
  if (opened === undefined) throw new Error("unreachable");
  const effects = { payments: [], pay: async () => pay?.(opened) ?? "paid" };
  const example = exampleAgent(script, effects);
  let now = Date.now();
  const clock = {
    now: () => now,
    sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 5))),
  };
  const runtime = createRuntime({ agents: [example.agent], store, clock });
  ends.push(async () => {
    await runtime.stop();
    await store.close();
  });
  const problems: unknown[] = [];
  runtime.subscribe((seen) => {
    if (seen.kind === "problem") problems.push(seen.error);
  });
  const later = () => {
    now += 120_000;
  };
  return { runtime, database: opened, problems, later, ...example };
}

const LONG = "x".repeat(20_000);

describe("a store that fails in the middle of a run", () => {
  it.each([
    ["full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823", "full"],
    ["read-only", "PRAGMA query_only = ON", "PRAGMA query_only = OFF", "cannot be written"],
  ])(
    "%s: the problem says what to do, the thread stays whole, and nothing is paid twice",
    { tags: ["F12.5", "F9.9"] },
    async (_, spoil, mend, words) => {
      const { runtime, database, problems, later, effects } = await onDisk(
        [
          { intent: "pay", amount: 1, to: "bob" },
          { intent: "done", message: LONG },
        ],
        (opened) => {
          opened.exec(spoil);
          return LONG;
        },
      );
      const { threadId } = await runtime.launch({ agent: "example", input: { message: "pay", from: ada } });
      await expect.poll(() => problems.length).toBeGreaterThan(0);
      expect(problems[0]).toBeInstanceOf(StorageError);
      expect(problems[0]).toMatchObject({ code: "storage_failed", message: expect.stringContaining(words) });
      const broken = await runtime.get(threadId);
      expect(broken.events.at(-1)?.type).toBe("tool_started");
      expect(await runtime.verify(threadId)).toMatchObject({ ok: true });

      database.exec(mend);
      later();
      const { state } = await runtime.settled(threadId);
      // It was paid and the result is lost: nobody but a person can say so.
      expect(state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "unknown_outcome" } });
      expect(effects.payments).toHaveLength(1);
      expect(await runtime.verify(threadId)).toMatchObject({ ok: true });
    },
  );

  it("a launch that cannot be stored is an error, and nothing has begun", async () => {
    const { runtime, database, nextStep } = await onDisk([]);
    database.exec("PRAGMA query_only = ON");
    const launched = runtime.launch({ agent: "example", input: { message: "pay", from: ada } });
    await expect(launched).rejects.toMatchObject({ code: "storage_failed" });
    database.exec("PRAGMA query_only = OFF");
    expect((await runtime.list()).threads).toEqual([]);
    expect(nextStep.prompts).toEqual([]);
  });
});
