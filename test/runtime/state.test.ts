import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Agent, defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { advance } from "../../src/loop/advance.ts";
import { decide } from "../../src/loop/decide.ts";
import { createJournal } from "../../src/loop/journal.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ThreadEvent } from "../../src/thread/events.ts";
import { appendEvents, startThread, threadOf } from "../../src/thread/thread.ts";
import { type FullStep, fullAgent } from "./full-agent.ts";
import { ada, bench, bob, eventsOf, testRuntime } from "./harness.ts";

const textOf = (value: unknown) => canonicalJson(toJson(value));
const pay: Extract<FullStep, { intent: "pay" }> = { intent: "pay", amount: 50, to: "carol" };
const put: FullStep = { intent: "put", value: 1 };
const done: FullStep = { intent: "done", message: "end" };

describe("one state", () => {
  const script: FullStep[] = [put, { intent: "fail", message: "down" }, pay];

  it("the store holds nothing that the events do not give: projections are rebuilt from them", {
    tags: "F5.1",
  }, async () => {
    const { start, store } = bench(script);
    const thread = await start();
    const summary = await store.summary(thread.id);
    const again = threadOf(thread.id, await store.read(thread.id));
    expect(again.state).toEqual(thread.state);
    expect(summary).toMatchObject({
      status: again.state.status.kind,
      seq: again.state.seq,
      title: again.state.title,
    });
  });

  it("a thread round-trips through JSON: same state, same command", { tags: "F5.2" }, async () => {
    const { start } = bench(script);
    const thread = await start();
    const events: ThreadEvent[] = JSON.parse(JSON.stringify(thread.events));
    const copy = threadOf(thread.id, events);
    expect(textOf(copy)).toBe(textOf(thread));
    const { agent } = fullAgent([]);
    expect(textOf(decide(copy, agent))).toBe(textOf(decide(thread, agent)));
  });

  it("a fork at any event is a new thread with its lineage; the original is untouched", {
    tags: "F5.4",
  }, async () => {
    const { start, runtime, store } = bench(script);
    const original = await start();
    const before = textOf(await store.read(original.id));
    for (let seq = 1; seq <= original.state.seq; seq++) {
      const fork = await runtime.fork(original.id, seq, bob);
      expect(fork.id).not.toBe(original.id);
      expect(fork.events[0]?.data).toMatchObject({ forkedFrom: { threadId: original.id, seq } });
      expect(textOf(fork.events.slice(1, seq))).toBe(textOf(original.events.slice(1, seq)));
      expect(fork.state.status.kind).toBe("paused");
      expect(await runtime.verify(fork.id)).toMatchObject({ ok: true });
    }
    expect(textOf(await store.read(original.id))).toBe(before);
    await expect(runtime.fork(original.id, 99, bob)).rejects.toThrow("at an event from 1 to");
    await expect(runtime.fork(original.id, 1.5, bob)).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("a tool that ran before the fork is not run again by it", { tags: ["F5.4", "F12.5"] }, async () => {
    const { start, runtime, ran } = bench([put, { intent: "ask", message: "well?" }, done]);
    const original = await start();
    const fork = await runtime.fork(original.id, original.state.seq, bob);
    await runtime.resume(fork.id, bob);
    const copy = await runtime.settled(fork.id);
    const { request } = copy.state;
    await runtime.respond(
      requestIdOf(fork.id, request?.seq ?? 0),
      { decision: { kind: "answered", text: "yes" } },
      bob,
    );
    expect((await runtime.settled(fork.id)).state.status.kind).toBe("finished");
    expect(ran).toEqual(["put 1"]);
    expect((await runtime.get(original.id)).state.status.kind).toBe("awaiting_human");
  });
});

describe("a stateless reducer", () => {
  it("the loop needs no store and no runtime: fold, decide and perform over a list in memory", {
    tags: "F12.1",
  }, async () => {
    const { agent } = fullAgent([put, done]);
    const message = { type: "message_received", data: { text: "go", from: ada } } as const;
    const thread = appendEvents(startThread({ agent: "full" }, 0), [message], 0);
    const clock = fakeClock();
    const journal = createJournal(thread, agent, clock);
    const ended = await advance(journal, agent, { clock, signal: new AbortController().signal });
    expect(journal.thread).toBe(ended);
    expect(ended.state.status).toEqual({ kind: "finished", result: "end" });
  });

  it("appending returns a new thread and leaves the old one as it was", { tags: "F12.2" }, () => {
    const thread = startThread({ agent: "full" }, 0);
    const before = textOf(thread);
    const next = appendEvents(thread, [{ type: "message_received", data: { text: "go", from: ada } }], 1);
    expect(next).not.toBe(thread);
    expect(textOf(thread)).toBe(before);
    expect(next.events).toHaveLength(2);
    expect(appendEvents(next, [], 2)).toBe(next);
  });

  it("waiting for a thread that another process holds does not keep the store busy", {
    tags: "F12.4",
  }, async () => {
    const held = Promise.withResolvers<void>();
    const working = Promise.withResolvers<void>();
    const store = createMemoryStore();
    const onTool = () => {
      working.resolve();
      return held.promise;
    };
    const first = testRuntime({
      agents: [fullAgent([put, done], { onTool }).agent],
      store,
      clock: fakeClock(),
    });
    const { threadId } = await first.launch({ agent: "full", input: { message: "go", from: ada } });
    await working.promise;
    let claims = 0;
    const counting = {
      ...store,
      claim: (...args: Parameters<typeof store.claim>) => {
        claims += 1;
        return store.claim(...args);
      },
    };
    // It looks again every 50 ms, by the machine's own timers: these stand still until they are told otherwise.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => {
      held.resolve();
      vi.useRealTimers();
    });
    const second = testRuntime({ agents: [fullAgent([]).agent], store: counting, clock: fakeClock() });
    const settled = second.settled(threadId);
    for (let look = 0; look < 200; look++) await new Promise((resolve) => setImmediate(resolve));
    expect(claims).toBe(1);
    await vi.advanceTimersByTimeAsync(49);
    expect(claims).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    expect(claims).toBeLessThanOrEqual(3);
    expect(claims).toBeGreaterThan(1);
    held.resolve();
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await settled).state.status.kind).toBe("finished");
  });

  it("several workers and many threads: one writes at a time, and every tool runs once", {
    tags: "F12.4",
  }, async () => {
    const store = createMemoryStore();
    const worlds = Array.from({ length: 3 }, () => {
      const ran: string[] = [];
      type Step = { intent: "count"; n: number } | { intent: "done" };
      const counting = defineAgent(scriptedSteps<Step>([]), {
        name: "counter",
        steps: { count: tool((_, { key }) => ran.push(key)), done: finish(() => "done") },
      });
      const counter: Agent = {
        ...counting,
        // Answers from the thread alone: three counts, then the end.
        nextStep: {
          ...counting.nextStep,
          call: async ({ state }) => ({
            ok: true as const,
            value: state.steps < 3 ? { intent: "count", n: state.steps } : { intent: "done" },
            fidelity: { grade: "exact" as const, reasons: [] },
            more: [],
            completion: { raw: "", client: "c", usage: null, durationMs: 0, requestDigest: "d" },
          }),
        },
      };
      return { ran, runtime: testRuntime({ agents: [counter], store }) };
    });
    const [first] = worlds;
    if (first === undefined) throw new Error("no worker");
    const launched = await Promise.all(
      Array.from({ length: 10 }, () =>
        first.runtime.launch({ agent: "counter", input: { message: "go", from: ada } }),
      ),
    );
    const ids = launched.map(({ threadId }) => threadId);
    await Promise.all(worlds.flatMap(({ runtime }) => ids.map((id) => runtime.settled(id))));
    const ran = worlds.flatMap((world) => world.ran);
    expect(new Set(ran).size).toBe(30);
    expect(ran).toHaveLength(30);
    for (const id of ids) {
      const thread = await first.runtime.get(id);
      expect(thread.state.status.kind).toBe("finished");
      expect(eventsOf(thread, "tool_started")).toHaveLength(3);
    }
  });
});
