import { afterEach, describe, expect, it } from "vitest";
import { randomThreadId } from "../../src/base/ids.ts";
import type { HeldBack } from "../../src/runtime/call-limits/gate.ts";
import { type CallLimits, createCallLimiter } from "../../src/runtime/call-limits.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { type FakeClock, fakeClock } from "../../src/testing/fake-clock.ts";
import { temporaryStore } from "../store/temporary.ts";
import { exampleAgent } from "./example-agent.ts";
import { ada, testRuntime } from "./harness.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

let processes = 0;
/** A process that asks "m"; what begins is noted by agent, and ends when `end` is called. */
function process(limits: CallLimits, store: ThreadStore, clock: FakeClock) {
  processes += 1;
  const held: HeldBack[] = [];
  const problems: unknown[] = [];
  const limiter = createCallLimiter({
    limits,
    store,
    clock,
    owner: `process ${processes}`,
    onHeldBack: (one) => held.push(one),
    onProblem: (error) => problems.push(error),
  });
  const begun: { agent: string; end: (tokens?: number) => void }[] = [];
  const ask = (agent: string, signal?: AbortSignal) => {
    const asked = limiter.admitFor(randomThreadId(), agent)?.("m", signal);
    return asked?.then((end) => void begun.push({ agent, end: (tokens) => end(tokens) }));
  };
  return { limiter, held, problems, begun, ask };
}

/** Lets everything go on that can, and time pass. */
async function pass(clock: FakeClock, ms = 0): Promise<void> {
  for (let step = 0; step < 20; step++) {
    await clock.advance(ms / 20);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("limits of model calls", { tags: "F8.6" }, () => {
  it("so many at a time, over all processes; the next begins when one has ended", async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const [one, other] = [1, 2].map(() => process({ m: { concurrency: 3 } }, store, clock));
    if (one === undefined || other === undefined) return;
    for (let call = 0; call < 4; call++) void one.ask("a");
    await pass(clock);
    for (let call = 0; call < 4; call++) void other.ask("a");
    await pass(clock, 1_000);
    const all = () => one.begun.length + other.begun.length;
    expect(all()).toBe(3);
    expect(one.held).toHaveLength(1);
    expect(one.held[0]).toMatchObject({ agent: "a", client: "m" });
    expect(await other.limiter.pressure()).toEqual([{ client: "m", running: 3, waiting: { a: 5 } }]);
    for (let round = 4; round <= 8; round++) {
      [...one.begun, ...other.begun][round - 4]?.end();
      await pass(clock, 500);
      expect(all()).toBe(round);
    }
    expect([...one.problems, ...other.problems]).toEqual([]);
  });

  it("shows in a process that asks nothing how a client stands that only the limit for all names", async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const [asking, looking] = [1, 2].map(() => process({ "*": { concurrency: 1 } }, store, clock));
    for (let call = 0; call < 3; call++) void asking?.ask("a");
    await pass(clock);
    expect(await looking?.limiter.pressure()).toEqual([{ client: "m", running: 1, waiting: { a: 2 } }]);
    expect(asking?.problems).toEqual([]);
  });

  it("so many a minute, evened out after a burst", async () => {
    const clock = fakeClock();
    const { ask, begun } = process({ "*": { requestsPerMinute: 6 } }, createMemoryStore(), clock);
    for (let call = 0; call < 20; call++) void ask("a");
    await pass(clock);
    expect(begun).toHaveLength(6);
    await pass(clock, 9_000);
    expect(begun).toHaveLength(6);
    await pass(clock, 2_000);
    expect(begun).toHaveLength(7);
    await pass(clock, 60_000);
    expect(begun).toHaveLength(13);
  });

  it("so many tokens a minute, as the calls before took; one that takes more than there can be begins all the same", async () => {
    const clock = fakeClock();
    const { ask, begun } = process({ m: { tokensPerMinute: 10_000 } }, createMemoryStore(), clock);
    void ask("a");
    await pass(clock);
    begun[0]?.end(10_000);
    await pass(clock);
    for (let call = 0; call < 3; call++) void ask("a");
    await pass(clock, 5_000);
    expect(begun).toHaveLength(1);
    await pass(clock, 30_000);
    expect(begun.length).toBeGreaterThan(1);
    begun.at(-1)?.end(100_000);
    await pass(clock);
    const before = begun.length;
    await pass(clock, 60_000);
    expect(begun).toHaveLength(before);
    await pass(clock, 20 * 60_000);
    expect(begun).toHaveLength(4);
  });

  it("agents take turns, also across processes", async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const limits = { m: { concurrency: 1 } };
    const [many, few] = [process(limits, store, clock), process(limits, store, clock)];
    for (let call = 0; call < 30; call++) void many.ask("busy");
    for (let call = 0; call < 3; call++) void many.ask("rare");
    await pass(clock);
    void few.ask("elsewhere");
    const order: string[] = [];
    for (let turn = 0; turn < 8; turn++) {
      await pass(clock, 1_000);
      const [running] = [...many.begun.splice(0), ...few.begun.splice(0)];
      order.push(running?.agent ?? "nobody");
      running?.end();
    }
    expect(order.filter((agent) => agent === "rare")).toHaveLength(3);
    expect(order.slice(0, 4)).toContain("elsewhere");
  });

  it("a call that is aborted does not wait on, and a process that died gives its places back", async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const limits = { m: { concurrency: 1 } };
    const dead = process(limits, store, clock);
    void dead.ask("a");
    await pass(clock);
    expect(dead.begun).toHaveLength(1);
    const waiting = process(limits, store, fakeClock(clock.now()));
    const stop = new AbortController();
    const asked = waiting.ask("a", stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error("cancelled"));
    await expect(asked).rejects.toThrow("cancelled");
    // Its clock stands still: it renews nothing.
    const later = fakeClock(clock.now() + 61_000);
    const next = process(limits, store, later);
    void next.ask("a");
    await pass(later, 1_000);
    expect(next.begun).toHaveLength(1);
  });

  it("keeps no process awake once its calls have ended", async () => {
    const clock = fakeClock();
    const sleeping = new Set<AbortSignal | undefined>();
    const watched: FakeClock = {
      ...clock,
      async sleep(ms, signal) {
        sleeping.add(signal);
        await clock.sleep(ms, signal).finally(() => sleeping.delete(signal));
      },
    };
    const { ask, begun } = process({ m: { concurrency: 2 } }, createMemoryStore(), watched);
    void ask("a");
    void ask("a");
    await pass(clock);
    expect(sleeping.size).toBe(1);
    for (const { end } of begun) end();
    await pass(clock);
    expect(sleeping.size).toBe(0);
  });

  it("holds nobody back where the store fails, and tells of it", async () => {
    const store = createMemoryStore();
    const broken = { ...store, getValue: () => Promise.reject(new Error("the disk is gone")) };
    const { ask, begun, problems } = process({ m: { concurrency: 1 } }, broken, fakeClock());
    await Promise.all([ask("a"), ask("a")]);
    expect(begun).toHaveLength(2);
    expect(problems).not.toEqual([]);
  });

  it("limits of a runtime are refused if they cannot be", () => {
    const { agent } = exampleAgent([]);
    for (const modelLimits of [
      { m: { concurrency: 0 } },
      { m: { requestsPerMinute: -1 } },
      { m: { tokens: 1 } },
      [],
    ]) {
      const options = { agents: [agent], modelLimits };
      expect(() => Reflect.apply(testRuntime, undefined, [options])).toThrow(/modelLimits/);
    }
  });

  it("a thread whose call is held back says so, waits, and is cancelled like any other", async () => {
    const { store, close } = await temporaryStore();
    cleanUps.push(close);
    const { agent } = exampleAgent([{ intent: "done", message: "there" }]);
    const answered = Promise.withResolvers<void>();
    const call: typeof agent.nextStep.call = async (thread, options) => {
      const end = await options?.admit?.("m", options.signal);
      await answered.promise;
      end?.(10);
      return agent.nextStep.call(thread, options);
    };
    const held = { ...agent, nextStep: { ...agent.nextStep, call } };
    const runtime = testRuntime({ agents: [held], store, modelLimits: { m: { concurrency: 1 } } });
    const seen: string[] = [];
    runtime.subscribe((one) => {
      if (one.kind === "held_back") seen.push(one.threadId);
    });
    const launch = () => runtime.launch({ agent: "example", input: { message: "go", from: ada } });
    const [first, second] = [await launch(), await launch()];
    await expect.poll(() => seen).toHaveLength(1);
    await expect.poll(runtime.pressure).toEqual([{ client: "m", running: 1, waiting: { example: 1 } }]);
    const waits = seen[0] === first.threadId ? first : second;
    await runtime.cancel(waits.threadId, ada);
    expect((await runtime.settled(waits.threadId)).state.status.kind).toBe("cancelled");
    answered.resolve();
    const runs = waits === first ? second : first;
    expect((await runtime.settled(runs.threadId)).state.status.kind).toBe("finished");
  });
});
