import { afterEach, describe, expect, it } from "vitest";
import { prune, type RetentionRule } from "../../src/runtime/retention.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { project } from "../../src/testing/store-contract/samples.ts";
import { temporaryPostgres } from "../store/postgres.ts";
import { temporaryStore } from "../store/temporary.ts";
import { fullAgent } from "./full-agent.ts";
import { ada, bench, bob, testRuntime } from "./harness.ts";

const DAY = 86_400_000;
const finished = [{ intent: "done", message: "Mrs Smith it is" }] as const;
const waiting = [{ intent: "ask", message: "Which?" }] as const;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Threads of every status that were last touched a hundred days ago, and one of today that has ended. */
async function office(store: ThreadStore) {
  const clock = fakeClock(Date.now() - 100 * DAY);
  const run = (script: Parameters<typeof bench>[0]) => bench(script, { store, clock });
  const old = (await run(finished).start("about Mrs Smith")).id;
  const asks = (await run(waiting).start()).id;
  const paused = (await run(waiting).start()).id;
  const worker = run(waiting);
  await worker.runtime.pause(paused, ada);
  const cancelled = (await run(waiting).start()).id;
  await worker.runtime.cancel(cancelled, ada);
  await clock.advance(100 * DAY);
  const fresh = (await run(finished).start()).id;
  const left = async () => (await store.list()).threads.map(({ threadId }) => threadId).sort();
  const { runtime } = worker;
  const tools = { store, changes: runtime, clock, by: bob };
  return { old, asks, paused, cancelled, fresh, left, tools, runtime, clock };
}

describe("retention", { tags: "F5.10", timeout: 30_000 }, () => {
  const stores: readonly (readonly [
    string,
    () => Promise<{ store: ThreadStore; close?: () => Promise<void> }>,
  ])[] = [
    ["memory", async () => ({ store: createMemoryStore() })],
    ["a file", () => temporaryStore()],
    ["PostgreSQL", () => temporaryPostgres()],
  ];
  it.each(stores)(
    "removes old threads that have ended, with everything about them, from %s",
    async (_, open) => {
      const { store, close } = await open();
      if (close !== undefined) cleanUps.push(close);
      const { old, asks, paused, cancelled, fresh, left, tools } = await office(store);
      await store.setValue("answer", "kept", undefined, { about: old });
      await store.append(old, (await store.read(old)).length, [], {
        projection: project({ status: "finished" }),
        once: "key",
      });
      const all = [old, asks, paused, cancelled, fresh].sort();
      const rule: RetentionRule = { days: 30 };
      const named: string[] = [];
      expect(
        await prune(rule, { ...tools, dry: true, onThread: ({ threadId }) => named.push(threadId) }),
      ).toBe(2);
      expect(named.sort()).toEqual([old, cancelled].sort());
      expect(await left()).toEqual(all);
      expect(await prune({ days: 30, status: ["finished"], agent: "nobody" }, tools)).toBe(0);
      expect(await prune({ days: 30, status: ["finished"] }, tools)).toBe(1);
      expect(await left()).toEqual([asks, paused, cancelled, fresh].sort());
      expect(await store.getValue("answer")).toBeUndefined();
      const options = { projection: project({ status: "finished" }), once: "key" };
      const again = await store.append(fresh, (await store.read(fresh)).length, [], options);
      expect(again.kind).toBe("appended");
      expect(await prune(rule, tools)).toBe(1);
      expect(await left()).toEqual([asks, paused, fresh].sort());
    },
  );

  it("erases what was said, once, and the chain verifies", async () => {
    const store = createMemoryStore();
    const { old, cancelled, tools, clock } = await office(store);
    const rule: RetentionRule = { days: 30, action: "erase" };
    expect(await prune(rule, tools)).toBe(2);
    for (const id of [old, cancelled]) {
      expect(JSON.stringify(await store.read(id))).not.toContain("Smith");
      expect(await store.verify(id)).toMatchObject({ ok: true });
    }
    await clock.advance(31 * DAY);
    const before = (await store.read(old)).length;
    await prune(rule, tools);
    expect(await store.read(old)).toHaveLength(before);
  });

  it("is applied once an hour by one of the processes that advance threads", async () => {
    const store = createMemoryStore();
    const { old, cancelled, fresh, left, clock } = await office(store);
    const { agent } = fullAgent([]);
    const retention: readonly RetentionRule[] = [{ days: 200 }, { days: 30 }];
    const runtimes = [1, 2].map(() => testRuntime({ agents: [agent], store, clock, retention }));
    for (const runtime of runtimes) runtime.start();
    await expect.poll(left).not.toContain(old);
    expect(await left()).not.toContain(cancelled);
    expect(await left()).toContain(fresh);
  });

  it("rules that cannot be are refused", () => {
    const { agent } = fullAgent([]);
    const wrong: readonly object[] = [
      { days: -1 },
      {},
      { days: 1, status: ["running"] },
      { days: 1, status: [] },
      { days: 1, action: "hide" },
    ];
    for (const rule of wrong) {
      const options = { agents: [agent], store: createMemoryStore(), retention: [rule] };
      expect(() => Reflect.apply(testRuntime, undefined, [options])).toThrow(/retention/);
    }
  });
});
