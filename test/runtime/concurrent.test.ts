import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { startJob } from "../../src/steps/start-job.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { threadOf } from "../../src/thread/thread.ts";
import { ada, eventsOf, testRuntime, typesOf } from "./harness.ts";

type Step =
  | { intent: "look"; item: string }
  | { intent: "read"; item: string }
  | { intent: "write"; item: string }
  | { intent: "done" };

const look = (item: string): Step => ({ intent: "look", item });
const write = (item: string): Step => ({ intent: "write", item });
const done: Step = { intent: "done" };

interface Looks {
  readonly onLook?: (item: string, signal: AbortSignal) => unknown;
  readonly severalSteps?: "in_order" | "concurrent";
}

function clerk(script: readonly ScriptedAnswer<Step>[], { onLook, severalSteps = "concurrent" }: Looks = {}) {
  const wrote: string[] = [];
  const nextStep = scriptedSteps<Step>(script);
  const agent = defineAgent(nextStep, {
    name: "clerk",
    severalSteps,
    steps: {
      look: tool(({ item }, { signal }) => onLook?.(item, signal) ?? `seen ${item}`, {
        readOnly: true,
        check: ({ item }) => (item === "forbidden" ? "not this one" : undefined),
      }),
      read: tool(({ item }) => item, { readOnly: true, approval: "always" }),
      write: tool(({ item }) => wrote.push(item)),
      done: finish(() => "done"),
    },
  });
  return { agent, nextStep, wrote };
}

async function run(
  { agent }: Pick<ReturnType<typeof clerk>, "agent">,
  store: ThreadStore = createMemoryStore(),
) {
  const runtime = testRuntime({ agents: [agent], store });
  const { threadId } = await runtime.launch({ agent: "clerk", input: { message: "go", from: ada } });
  return runtime.settled(threadId);
}

/** Lets nobody through before so many have come. */
function gate(needed: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let here = 0;
  let most = 0;
  return {
    get most() {
      return most;
    },
    async pass() {
      here += 1;
      most = Math.max(most, here);
      if (most >= needed) resolve();
      await promise;
      here -= 1;
    },
  };
}

describe("read-only neighbours in one completion", { tags: "F4.9" }, () => {
  it("run at once, and their results stand in the order of the steps", async () => {
    const all = gate(3);
    const order: string[] = [];
    const onLook = async (item: string) => {
      await all.pass();
      // The last comes back first.
      const turns = { a: 30, b: 20, c: 10 }[item] ?? 0;
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      order.push(item);
      return `seen ${item}`;
    };
    const used = clerk([{ steps: [look("a"), look("b"), look("c")] }, done], { onLook });
    const thread = await run(used);
    expect(order).toEqual(["c", "b", "a"]);
    expect(eventsOf(thread, "tool_finished").map(({ data }) => data.result)).toEqual([
      "seen a",
      "seen b",
      "seen c",
    ]);
    expect(typesOf(thread).slice(2)).toEqual([
      ...["step_proposed", "step_proposed", "step_proposed"],
      ...["tool_started", "tool_started", "tool_started"],
      ...["tool_finished", "tool_finished", "tool_finished"],
      ...["step_proposed", "finished"],
    ]);
    used.nextStep.assertUsedUp();
  });

  it("at most eight of them", async () => {
    const eight = gate(8);
    const items = Array.from({ length: 20 }, (_, index) => look(`${index}`));
    const [first = look("x"), ...more] = items;
    const thread = await run(clerk([{ steps: [first, ...more] }, done], { onLook: () => eight.pass() }));
    expect(eight.most).toBe(8);
    expect(eventsOf(thread, "tool_finished")).toHaveLength(20);
  });

  it("one that fails or is refused stops no neighbour, and counts once; what has effects behind them is dropped", async () => {
    const onLook = (item: string) => {
      if (item.startsWith("bad")) throw new Error("no such thing");
      return item;
    };
    const steps = [look("bad 1"), look("bad 2"), look("forbidden"), look("good"), write("x")] as const;
    const used = clerk([{ steps }, done], { onLook });
    const thread = await run(used);
    expect(thread.state.status).toMatchObject({ kind: "finished" });
    expect(eventsOf(thread, "tool_failed")).toHaveLength(2);
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.message)).toEqual(["not this one"]);
    expect(eventsOf(thread, "tool_finished").map(({ data }) => data.result)).toEqual(["good"]);
    expect(eventsOf(thread, "steps_dropped").map(({ data }) => data.steps)).toEqual([[write("x")]]);
    expect(used.wrote).toEqual([]);
  });

  it("a step with effects between them runs alone, and only neighbours run together", async () => {
    const pair = gate(2);
    const steps = [look("a"), look("b"), write("x"), look("c"), look("d")] as const;
    const used = clerk([{ steps }, done], { onLook: () => pair.pass() });
    const thread = await run(used);
    expect(pair.most).toBe(2);
    expect(used.wrote).toEqual(["x"]);
    expect(typesOf(thread).filter((type) => type.startsWith("tool_"))).toEqual([
      ...["tool_started", "tool_started", "tool_finished", "tool_finished"],
      ...["tool_started", "tool_finished"],
      ...["tool_started", "tool_started", "tool_finished", "tool_finished"],
    ]);
  });

  it("one about which a person must be asked waits its turn", async () => {
    const steps = [look("a"), { intent: "read", item: "secret" }, look("b")] as const;
    const thread = await run(clerk([{ steps }, done]));
    expect(thread.state.status).toMatchObject({
      kind: "awaiting_approval",
      request: { card: { intent: "read" } },
    });
    expect(eventsOf(thread, "tool_finished")).toHaveLength(1);
  });

  it("jobs that they start are awaited together", async () => {
    const tokens: string[] = [];
    const onLook = () =>
      startJob((token) => {
        tokens.push(token);
      });
    const { agent } = clerk([{ steps: [look("a"), look("b")] }, done], { onLook });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "clerk", input: { message: "go", from: ada } });
    expect((await runtime.settled(threadId)).state.status.kind).toBe("awaiting_event");
    // Out of order.
    for (const token of tokens.toReversed()) await runtime.finishJob(token, { result: token.length });
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });

  it("whoever wants them in order gets them in order", async () => {
    const thread = await run(clerk([{ steps: [look("a"), look("b")] }, done], { severalSteps: "in_order" }));
    expect(typesOf(thread).filter((type) => type.startsWith("tool_"))).toEqual([
      ...["tool_started", "tool_finished", "tool_started", "tool_finished"],
    ]);
  });
});

describe("read-only neighbours and crashes", { tags: ["F4.9", "F12.3"] }, () => {
  it("any beginning of the thread leads to the same results, and is replayed byte for byte", async () => {
    const steps = [look("a"), look("forbidden"), look("b"), write("x")] as const;
    const script = [{ steps }, done];
    const whole = await run(clerk(script));
    expect(await replayThread(whole, clerk([]).agent)).toEqual(whole);
    for (let length = 2; length <= whole.events.length; length++) {
      const { id } = whole;
      const events = whole.events.slice(0, length);
      expect((await replayThread({ id, events }, clerk([]).agent)).events).toEqual(events);
      const proposed = eventsOf({ ...whole, events }, "step_proposed").length;
      // The steps of a completion are written together.
      if (proposed > 0 && proposed < steps.length) continue;
      const store = createMemoryStore();
      await store.append(id, 0, events, { projection: projectionOf(threadOf(id, events).state) });
      const used = clerk(proposed === 0 ? script : proposed === steps.length ? [done] : []);
      const thread = await testRuntime({ agents: [used.agent], store }).settled(id);
      expect(thread.state.status.kind).toBe("finished");
      used.nextStep.assertUsedUp();
      expect(eventsOf(thread, "tool_finished").map(({ data }) => data.result)).toEqual(["seen a", "seen b"]);
    }
  });
});
