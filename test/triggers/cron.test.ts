import { afterEach, describe, expect, it } from "vitest";
import type { Json } from "../../src/base/json.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { type FakeClock, fakeClock } from "../../src/testing/fake-clock.ts";
import { type CronTrigger, startCron } from "../../src/triggers/cron.ts";
import { exampleAgent } from "../runtime/example-agent.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const toStop: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of toStop.splice(0).reverse()) await one.stop();
});

const every10: CronTrigger = { name: "every-10", schedule: "*/10 * * * *", agent: "example" };

function process(clock: FakeClock, store: ThreadStore, triggers: readonly CronTrigger[]) {
  const runtime: Runtime = createRuntime({ agents: [exampleAgent([]).agent], store, clock });
  const problems: unknown[] = [];
  const cron = startCron({ triggers, runtime, clock, onProblem: (_, error) => problems.push(error) });
  toStop.push(runtime, cron);
  return { runtime, cron, problems };
}

/** Lets everything that is ready run, then moves on, in steps as small as the schedule's. */
async function pass(clock: FakeClock, ms: number, step = 5_000) {
  for (let passed = 0; passed < ms; passed += step) {
    await settle();
    await clock.advance(step);
  }
  await settle();
}

async function settle() {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function fired(store: ThreadStore): Promise<readonly Json[]> {
  const { threads } = await store.list({ limit: 1000 });
  const events = await Promise.all(threads.map(({ threadId }) => store.read(threadId)));
  return events
    .flatMap(([, event]) => (event?.type === "event_received" ? [event.data.payload] : []))
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

describe("cron triggers", () => {
  it("each tick starts one thread, with the tick's time", { tags: ["F11.1", "F0.2"] }, async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    process(clock, store, [{ ...every10, payload: "report" }]);
    await pass(clock, 31 * MINUTE);
    // Nobody has asked for it: any approver is somebody else.
    const [first] = (await store.list({})).threads;
    const [, tick] = first === undefined ? [] : await store.read(first.threadId);
    expect(tick?.data).toMatchObject({ source: "cron", from: "system" });
    expect(await fired(store)).toEqual([
      { at: "2026-01-01T00:10:00.000Z", payload: "report" },
      { at: "2026-01-01T00:20:00.000Z", payload: "report" },
      { at: "2026-01-01T00:30:00.000Z", payload: "report" },
    ]);
  });

  it("two processes fire each tick once", { tags: "F11.6" }, async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    let checks = 0;
    const check = async () => ++checks;
    process(clock, store, [{ ...every10, check }]);
    process(clock, store, [{ ...every10, check }]);
    await pass(clock, 31 * MINUTE);
    expect(await fired(store)).toHaveLength(3);
    expect(checks).toBe(3);
  });

  it("a check that finds nothing starts no thread and contacts nobody", { tags: "F11.5" }, async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const found: (Json | null)[] = [null, { overdue: 3 }, null];
    process(clock, store, [{ ...every10, check: async () => found.shift() ?? null }]);
    await pass(clock, 31 * MINUTE);
    expect(await fired(store)).toEqual([{ at: "2026-01-01T00:20:00.000Z", payload: { overdue: 3 } }]);
  });

  it("a check that fails is reported and tried again, and the tick is not lost", {
    tags: "F11.5",
  }, async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    let tries = 0;
    const check = async () => {
      tries += 1;
      if (tries === 1) throw new Error("the database is down");
      return "found";
    };
    const { problems } = process(clock, store, [{ ...every10, check }]);
    await pass(clock, 12 * MINUTE);
    expect(problems).toHaveLength(1);
    expect(await fired(store)).toEqual([{ at: "2026-01-01T00:10:00.000Z", payload: "found" }]);
  });

  it("ticks that were missed: the latest fires, or none", { tags: "F11.1" }, async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const skipping: CronTrigger = { ...every10, name: "skipping", missed: "skip" };
    const first = process(clock, store, [every10, skipping]);
    await settle();
    await first.cron.stop();
    await clock.advance(HOUR + 5 * MINUTE);
    process(clock, store, [every10, skipping]);
    await settle();
    expect(await fired(store)).toEqual([{ at: "2026-01-01T01:00:00.000Z", payload: null }]);
    await pass(clock, 6 * MINUTE);
    expect(await fired(store)).toHaveLength(3);
  });

  it("time zones hold over a change to summer time", { tags: "F11.1" }, async () => {
    // 2026-03-29: Berlin goes from UTC+1 to UTC+2.
    const clock = fakeClock(Date.UTC(2026, 2, 28, 0, 0));
    const store = createMemoryStore();
    process(clock, store, [
      { name: "morning", schedule: "0 9 * * *", timeZone: "Europe/Berlin", agent: "example" },
    ]);
    await pass(clock, 58 * HOUR, 30 * MINUTE);
    expect(await fired(store)).toEqual([
      { at: "2026-03-28T08:00:00.000Z", payload: null },
      { at: "2026-03-29T07:00:00.000Z", payload: null },
      { at: "2026-03-30T07:00:00.000Z", payload: null },
    ]);
  });

  it("a schedule that cannot be read is refused at the start", { tags: "F11.1" }, () => {
    const runtime = createRuntime({ agents: [exampleAgent([]).agent], store: createMemoryStore() });
    const start = (trigger: CronTrigger) =>
      startCron({ triggers: [trigger], runtime, clock: fakeClock(), onProblem: () => {} });
    expect(() => start({ ...every10, schedule: "61 * * * *" })).toThrow("is not a schedule");
    expect(() => start({ ...every10, timeZone: "Mars/Olympus" })).toThrow("Mars/Olympus");
    expect(() =>
      startCron({ triggers: [every10, every10], runtime, clock: fakeClock(), onProblem: () => {} }),
    ).toThrow("same name");
    expect(() => start({ ...every10, agent: "nobody" })).toThrow('cron every-10: there is no agent "nobody"');
    expect(() =>
      start(JSON.parse('{"name":"x","schedule":"* * * * *","agent":"example","tz":"UTC"}')),
    ).toThrow('unknown option "tz"');
  });
});
