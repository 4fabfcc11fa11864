import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ThreadId } from "../../src/base/ids.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { startSweeper } from "../../src/runtime/sweeper.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, startThread } from "../../src/thread/thread.ts";
import { exampleAgent } from "./example-agent.ts";
import { fullAgent } from "./full-agent.ts";
import { ada } from "./harness.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A clock that is moved by hand; each sleep lasts until the test ends it. */
function handClock() {
  let now = Date.UTC(2026, 0, 1);
  let sleeping = Promise.withResolvers<() => void>();
  return {
    now: () => now,
    sleep: () =>
      new Promise<void>((resolve) => {
        sleeping.resolve(resolve);
      }),
    /** Resolves once somebody sleeps; moves the time and wakes it. */
    async wakeAfter(ms: number) {
      const wake = await sleeping.promise;
      sleeping = Promise.withResolvers();
      now += ms;
      wake();
    },
  };
}

async function abandoned() {
  const store = createMemoryStore();
  const clock = handClock();
  const from = { channel: "terminal", id: "ada" };
  const thread = appendEvents(
    startThread({ agent: "example" }, clock.now()),
    [{ type: "message_received", data: { text: "go", from } }],
    clock.now(),
  );
  await store.append(thread.id, 0, thread.events, { projection: projectionOf(thread.state) });
  await store.claim(thread.id, "another", clock.now(), clock.now() + 15_000);
  const nudged: ThreadId[] = [];
  const sweeper = startSweeper({
    store,
    clock,
    intervalMs: 1000,
    graceMs: 5000,
    leftToEngineMs: 0,
    agents: ["example"],
    limit: () => 100,
    take(due) {
      nudged.push(...due);
      return false;
    },
    onAll: () => {},
    onProblem: (error) => {
      throw error;
    },
  });
  ends.push(async () => {
    const stopped = sweeper.stop();
    await clock.wakeAfter(0);
    await stopped;
  });
  return { store, clock, thread, nudged };
}

describe("the sweeper", () => {
  it("takes up what a dead process left, once its claim is over", { tags: "F12.4" }, async () => {
    const { clock, thread, nudged } = await abandoned();
    for (let second = 1; second < 15; second++) await clock.wakeAfter(1000);
    expect(nudged).toEqual([]);
    await clock.wakeAfter(1000);
    await expect.poll(() => nudged).toEqual([thread.id]);
  });

  it("after the machine has slept, other processes get a moment to renew their claims", {
    tags: "F12.4",
  }, async () => {
    const { store, clock, thread, nudged } = await abandoned();
    await clock.wakeAfter(3_600_000);
    await store.renew("another", clock.now(), clock.now() + 15_000);
    await clock.wakeAfter(5000);
    await clock.wakeAfter(1000);
    expect(nudged).toEqual([]);
    for (let second = 0; second < 15; second++) await clock.wakeAfter(1000);
    await expect.poll(() => nudged[0]).toBe(thread.id);
  });

  it("forgets values whose time is over", { tags: "F5.10" }, async () => {
    const { store, clock } = await abandoned();
    await store.setValue("session", "ada", undefined, {
      expiresAt: clock.now() + 120_000,
    });
    await store.setValue("cursor", "17", undefined);
    await clock.wakeAfter(1000);
    expect(await store.getValue("session")).toBe("ada");
    await clock.wakeAfter(3_600_000);
    await clock.wakeAfter(0);
    await clock.wakeAfter(1000);
    await expect.poll(() => store.getValue("session")).toBeUndefined();
    expect(await store.getValue("cursor")).toBe("17");
  });

  it("leaves to an engine between processes what that was told of a moment ago, and does it if the engine does not", {
    tags: "F12.4",
  }, async () => {
    const store = createMemoryStore();
    const { agent } = exampleAgent([{ intent: "done", message: "8" }]);
    const told: ThreadId[] = [];
    const lost = async () => {};
    const engine = {
      name: "lossy",
      wake: async (id: ThreadId) => void told.push(id),
      start: lost,
      idle: lost,
      stop: lost,
    };
    const clock = fakeClock();
    const claimed: number[] = [];
    const counting: ThreadStore = {
      ...store,
      async claim(...args) {
        claimed.push(clock.now());
        return store.claim(...args);
      },
    };
    const runtime = createRuntime({ agents: [agent], store: counting, engine, clock, sweepMs: 250 });
    ends.push(() => runtime.stop());
    runtime.start();
    const began = clock.now();
    const { threadId } = await runtime.launch({ agent: "example", input: { message: "go", from: ada } });
    for (let tick = 0; tick < 8; tick++) await clock.advance(250);
    await expect.poll(async () => (await store.summary(threadId))?.status).toBe("finished");
    expect(told).toContain(threadId);
    expect(Math.min(...claimed) - began).toBeGreaterThanOrEqual(1_000);
  });

  it("does not try what another process has begun since it was found, and finds no more than it soon begins", {
    tags: "F12.4",
  }, async () => {
    const store = createMemoryStore();
    const { agent } = exampleAgent(
      Array.from({ length: 20 }, () => ({ intent: "done", message: "8" }) as const),
    );
    const launching = createRuntime({ agents: [agent], store, worker: false });
    const launched: ThreadId[] = [];
    for (let nth = 0; nth < 20; nth++) {
      const input = { message: "go", from: ada };
      launched.push((await launching.launch({ agent: "example", input })).threadId);
    }
    const hold = Promise.withResolvers<void>();
    const tried: ThreadId[] = [];
    let looks = 0;
    const slow: ThreadStore = {
      ...store,
      async claim(id, ...rest) {
        tried.push(id);
        if (tried.length === 1) await hold.promise;
        return store.claim(id, ...rest);
      },
      async due(...args) {
        looks += 1;
        return store.due(...args);
      },
    };
    const one = createRuntime({ agents: [agent], store: slow, concurrency: 1, sweepMs: 10 });
    ends.push(() => one.stop());
    one.start();
    await expect.poll(() => looks).toBeGreaterThan(2);
    expect(tried).toHaveLength(1);
    const other = createRuntime({ agents: [agent], store, sweepMs: 10 });
    ends.push(() => other.stop());
    other.start();
    for (const id of launched) expect((await other.settled(id)).state.status.kind).toBe("finished");
    const seen = looks;
    await expect.poll(() => looks).toBeGreaterThan(seen + 2);
    hold.resolve();
    await one.stop();
    expect(tried).toHaveLength(1);
  });

  it("holds up no stop while the store does not answer, and says nothing after it", {
    tags: "F12.4",
  }, async () => {
    const store = createMemoryStore();
    const { agent } = exampleAgent([]);
    const asked = Promise.withResolvers<void>();
    const down = Promise.withResolvers<never>();
    const silent: ThreadStore = {
      ...store,
      due() {
        asked.resolve();
        return down.promise;
      },
    };
    const runtime = createRuntime({ agents: [agent], store: silent });
    const problems: unknown[] = [];
    runtime.subscribe((seen) => {
      if (seen.kind === "sweep_problem") problems.push(seen.error);
    });
    runtime.start();
    await asked.promise;
    await runtime.stop();
    down.reject(new Error("it is down"));
    await setImmediate();
    expect(problems).toEqual([]);
  });

  it("asks once for all threads that run here whether another process has cancelled one", {
    tags: "F12.4",
  }, async () => {
    const store = createMemoryStore();
    const hold = Promise.withResolvers<void>();
    const { agent } = fullAgent(
      Array.from({ length: 5 }, () => ({ intent: "put", value: 1 }) as const),
      {
        onTool: () => hold.promise,
      },
    );
    const asked: number[] = [];
    const counting: ThreadStore = {
      ...store,
      async summaries(ids) {
        asked.push(ids.length);
        return store.summaries(ids);
      },
      async summary() {
        throw new Error("asked for one");
      },
    };
    const runtime = createRuntime({ agents: [agent], store: counting });
    ends.push(() => runtime.stop());
    for (let nth = 0; nth < 5; nth++)
      await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    await expect.poll(() => asked.at(-1)).toBe(5);
    hold.resolve();
  });

  it("threads that fail here again and again do not keep it from others", { tags: "F12.4" }, async () => {
    const store = createMemoryStore();
    const broken = new Set<ThreadId>();
    const { agent } = exampleAgent([{ intent: "done", message: "8" }]);
    const other = createRuntime({ agents: [agent], store });
    const launch = async (runtime: Runtime) =>
      (await runtime.launch({ agent: "example", input: { message: "go", from: ada } })).threadId;
    await other.stop();
    for (let count = 0; count < 150; count++) broken.add(await launch(other));
    const whole = await launch(other);
    const runtime = createRuntime({
      agents: [agent],
      store: {
        ...store,
        read: async (id, after) => {
          if (broken.has(id)) throw new Error("a bad sector");
          return store.read(id, after);
        },
      },
      sweepMs: 5,
    });
    ends.push(() => runtime.stop());
    runtime.start();
    await expect.poll(async () => (await store.summary(whole))?.status).toBe("finished");
  });

  it("forgets of a thread that it failed once nobody has to advance it any more", {
    tags: "F12.4",
  }, async () => {
    const store = createMemoryStore();
    const clock = fakeClock();
    const { agent } = exampleAgent([]);
    const limits: number[] = [];
    const broken: ThreadStore = {
      ...store,
      read: async () => {
        throw new Error("a bad sector");
      },
      async due(now, limit, ...rest) {
        limits.push(limit);
        return store.due(now, limit, ...rest);
      },
    };
    const runtime = createRuntime({ agents: [agent], store: broken, clock });
    const other = createRuntime({ agents: [agent], store, clock, worker: false });
    ends.push(() => runtime.stop());
    const { threadId } = await other.launch({ agent: "example", input: { message: "go", from: ada } });
    runtime.start();
    await clock.advance(5_000);
    expect(limits.at(-1)).toBe(101);
    await other.cancel(threadId, ada);
    await clock.advance(10_000);
    expect(limits.at(-1)).toBe(100);
  });
});
