import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import type { Observation } from "../../src/runtime/observers.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { fullAgent } from "./full-agent.ts";
import { ada, bench, eventsOf, testRuntime, typesOf } from "./harness.ts";

describe("the loop", () => {
  it("each result is there before the next step is asked for", { tags: "F0.1" }, async () => {
    const { start, prompts, assertUsedUp } = bench([
      { intent: "add", a: 3, b: 4 },
      { intent: "add", a: 7, b: 1 },
      { intent: "done", message: "8" },
    ]);
    const thread = await start("3 + 4 + 1");
    expect(thread.state.status).toEqual({ kind: "finished", result: "8" });
    expect(prompts).toHaveLength(3);
    expect(prompts[0]).not.toContain("add_result");
    expect(prompts[1]).toContain("<add_result>");
    expect(prompts[2]?.startsWith(prompts[1] ?? "?")).toBe(true);
    assertUsedUp();
  });

  it.each(["cron", "webhook:shop", "agent"])(
    "a thread starts from an event of %s",
    { tags: "F0.2" },
    async (source) => {
      const { agent, nextStep } = fullAgent([{ intent: "nothing" }]);
      const runtime = testRuntime({ agents: [agent] });
      const event = { name: "daily_check", source, payload: { day: "Monday" } };
      const { threadId, created } = await runtime.launch({ agent: "full", input: { event } });
      const thread = await runtime.settled(threadId);
      expect(created).toBe(true);
      expect(eventsOf(thread, "event_received")[0]?.data).toEqual(event);
      expect(nextStep.prompts[0]).toContain("Monday");
      expect(thread.state.status).toEqual({ kind: "finished", result: "nothing to do" });
    },
  );

  it("the same launch twice starts one thread", { tags: "F0.2" }, async () => {
    const { agent } = fullAgent([{ intent: "nothing" }]);
    const runtime = testRuntime({ agents: [agent] });
    const launch = { agent: "full", input: { message: "go", from: ada }, once: "delivery 1" };
    const first = await runtime.launch(launch);
    expect(await runtime.launch(launch)).toEqual({ threadId: first.threadId, created: false });
    expect((await runtime.list()).threads).toHaveLength(1);
  });

  it("every step and result is seen once, in order, when it is on disk, and an observer that fails disturbs nothing", {
    tags: "F0.3",
  }, async () => {
    const { start, runtime, store } = bench([
      { intent: "add", a: 1, b: 2 },
      { intent: "tell", message: "half way" },
      { intent: "done", message: "3" },
    ]);
    const seen: Observation[] = [];
    const onDisk: Promise<boolean>[] = [];
    runtime.subscribe(() => {
      throw new Error("a broken observer");
    });
    runtime.subscribe((observation) => {
      seen.push(observation);
      if (observation.kind !== "events") return;
      const { id, state } = observation.thread;
      onDisk.push(store.read(id).then((stored) => stored.length >= state.seq));
    });
    const thread = await start();
    const events = seen.flatMap((observation) => (observation.kind === "events" ? observation.events : []));
    expect(events).toEqual(thread.events);
    expect(new Set(await Promise.all(onDisk))).toEqual(new Set([true]));
    expect(eventsOf(thread, "notified")[0]?.data).toMatchObject({ text: "half way" });
  });

  it("a step whose tool is gone becomes an event the model sees", { tags: "F1.3" }, async () => {
    const { agent, nextStep } = fullAgent([
      { intent: "pay", amount: 1, to: "carol" },
      { intent: "done", message: "cannot pay" },
    ]);
    const steps = new Map([...agent.steps].filter(([intent]) => intent !== "pay"));
    const runtime = testRuntime({ agents: [{ ...agent, steps }] });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "pay", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(thread.state.status).toEqual({ kind: "finished", result: "cannot pay" });
    const refused = eventsOf(thread, "step_refused")[0]?.data;
    expect(refused).toMatchObject({ reason: "unknown_intent", callId: "call_3" });
    expect(refused?.message).toContain("Valid steps: add, put");
    expect(nextStep.prompts[1]).toContain("There is no step");
  });

  it("a thread whose agent is not known here takes a pause and an end, and nothing that its agent might keep out of the store", {
    tags: "S8",
  }, async () => {
    const store = createMemoryStore();
    const { agent } = fullAgent([{ intent: "await", name: "ready" }]);
    const first = testRuntime({ agents: [agent], store });
    const { threadId } = await first.launch({ agent: "full", input: { message: "go", from: ada } });
    const before = await first.settled(threadId);
    await first.stop();
    const other = testRuntime({ agents: [{ ...fullAgent([]).agent, name: "other" }], store });
    const event = { name: "ready", source: "test", payload: { password: "correct horse 7" } };
    const unknown = { code: "not_found", message: expect.stringContaining('no agent "full"') };
    await expect(other.message(threadId, "hello", ada)).rejects.toMatchObject(unknown);
    await expect(other.receive(threadId, event)).rejects.toMatchObject(unknown);
    expect(await other.emit(event)).toEqual([]);
    expect((await other.get(threadId)).events).toEqual(before.events);
    await other.cancel(threadId, ada, "nobody knows it any more");
    expect((await other.get(threadId)).state.status.kind).toBe("cancelled");
  });

  it("a model that insists on a tool that is gone does not loop: a person is asked", {
    tags: "F1.3",
  }, async () => {
    const { agent, nextStep } = fullAgent(
      Array.from({ length: 30 }, () => ({ intent: "pay" as const, amount: 1, to: "carol" })),
    );
    const steps = new Map([...agent.steps].filter(([intent]) => intent !== "pay"));
    const runtime = testRuntime({ agents: [{ ...agent, steps }] });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "pay", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(thread.state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "escalation" } });
    expect(nextStep.prompts).toHaveLength(3);
  });

  it("a check refuses an id that no event has shown", { tags: "F1.4" }, async () => {
    type Step = { intent: "find"; name: string } | { intent: "refund"; order: string } | { intent: "done" };
    const refunded: string[] = [];
    const nextStep = scriptedSteps<Step>([
      { intent: "refund", order: "order_999" },
      { intent: "find", name: "carol" },
      { intent: "refund", order: "order_7" },
      { intent: "done" },
    ]);
    const agent = defineAgent(nextStep, {
      name: "refunds",
      steps: {
        find: tool(() => ({ orders: ["order_7"] }), { readOnly: true }),
        refund: tool(({ order }) => refunded.push(order), {
          check: ({ order }, { thread }) =>
            eventsOf(thread, "tool_finished").some(({ data }) =>
              JSON.stringify(data.result).includes(`"${order}"`),
            )
              ? undefined
              : `no lookup has shown ${order}: find it first`,
        }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "refunds", input: { message: "refund", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(refunded).toEqual(["order_7"]);
    expect(eventsOf(thread, "step_refused")).toHaveLength(1);
    expect(nextStep.prompts[1]).toContain("no lookup has shown order_999");
    expect(thread.state.status.kind).toBe("finished");
  });

  it("the final answer is plain language", { tags: "F1.5" }, async () => {
    const { start } = bench([{ intent: "done", message: "The result is 18." }]);
    const thread = await start();
    expect(thread.state.status).toEqual({ kind: "finished", result: "The result is 18." });
    expect(thread.state.title).toBe("The result is 18.");
  });

  it("a thread is a list of typed events; a step renders under its intent, its result as <intent>_result", {
    tags: ["F3.1", "F3.3"],
  }, async () => {
    const { start, prompts } = bench([
      { intent: "add", a: 3, b: 4 },
      { intent: "done", message: "7" },
    ]);
    const thread = await start("add 3 and 4");
    for (const [index, event] of thread.events.entries()) {
      expect(Object.keys(event).sort()).toEqual(["at", "data", "seq", "type", "v"]);
      expect(event.seq).toBe(index + 1);
    }
    expect(prompts[1]).toMatch(/<add>\s+a: 3\s+b: 4\s+<\/add>\s+<add_result>\s+7\s+<\/add_result>/);
  });

  it("the default step budget of 20 pauses and asks; a person extends it or stops", {
    tags: "F10.1",
  }, async () => {
    const script = Array.from({ length: 60 }, (_, index) => ({ intent: "add" as const, a: index, b: 1 }));
    const { start, answer, prompts } = bench(script);
    const thread = await start();
    expect(prompts).toHaveLength(20);
    expect(thread.state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "budget" } });
    expect(eventsOf(thread, "budget_reached")[0]?.data).toEqual({ budget: "steps", limit: 20, used: 20 });
    const extended = await answer(thread, { kind: "approved" });
    expect(prompts).toHaveLength(40);
    const stopped = await answer(extended, { kind: "denied", feedback: "that is enough" });
    expect(stopped.state.status).toMatchObject({ kind: "failed", error: { message: "that is enough" } });
  });

  it("an agent's tools and prompt are its own: two agents in one runtime never mix", {
    tags: "F10.2",
  }, async () => {
    const one = fullAgent([{ intent: "done", message: "one" }]);
    const other = fullAgent([{ intent: "done", message: "other" }]);
    const runtime = testRuntime({ agents: [one.agent, { ...other.agent, name: "other" }] });
    const launched = await Promise.all(
      ["full", "other"].map((agent) => runtime.launch({ agent, input: { message: agent, from: ada } })),
    );
    const threads = await Promise.all(launched.map(({ threadId }) => runtime.settled(threadId)));
    expect(threads.map(({ state }) => state.status)).toEqual([
      { kind: "finished", result: "one" },
      { kind: "finished", result: "other" },
    ]);
    await expect(
      runtime.launch({ agent: "third", input: { message: "?", from: ada } }),
    ).rejects.toMatchObject({
      code: "not_found",
      message: 'there is no agent "third"; known: full, other',
    });
  });

  it("every step of one answer runs, in order, when the agent says so", { tags: "F4.5" }, async () => {
    const { start, ran, prompts } = bench(
      [
        {
          steps: [
            { intent: "put", value: 1 },
            { intent: "put", value: 2 },
            { intent: "put", value: 3 },
          ],
        },
        { intent: "done", message: "3 put" },
      ],
      { severalSteps: "in_order" },
    );
    const thread = await start();
    expect(ran).toEqual(["put 1", "put 2", "put 3"]);
    expect(prompts).toHaveLength(2);
    expect(eventsOf(thread, "steps_dropped")).toEqual([]);
  });

  it("after one that fails the rest is recorded as dropped and the model is told", {
    tags: "F4.5",
  }, async () => {
    const { start, ran, prompts } = bench(
      [
        {
          steps: [
            { intent: "put", value: 1 },
            { intent: "fail", message: "down" },
            { intent: "put", value: 3 },
          ],
        },
        { intent: "done", message: "stopped" },
      ],
      { severalSteps: "in_order" },
    );
    const thread = await start();
    expect(ran).toEqual(["put 1"]);
    expect(eventsOf(thread, "steps_dropped")[0]?.data.steps).toEqual([{ intent: "put", value: 3 }]);
    expect(prompts[1]).toContain("the step before them did not succeed");
  });

  it("by default only the first runs, the others are recorded and the model is told", {
    tags: "F4.5",
  }, async () => {
    const { start, ran, prompts } = bench([
      {
        steps: [
          { intent: "put", value: 1 },
          { intent: "put", value: 2 },
        ],
      },
      { intent: "done", message: "1 put" },
    ]);
    const thread = await start();
    expect(ran).toEqual(["put 1"]);
    expect(eventsOf(thread, "steps_dropped")[0]?.data.steps).toEqual([{ intent: "put", value: 2 }]);
    expect(prompts[1]).toContain("propose one step at a time");
    expect(typesOf(thread).filter((type) => type === "step_proposed")).toHaveLength(2);
  });

  it("a list of steps, several times in one answer, loses none", { tags: "F4.5" }, async () => {
    const one = { intent: "put", value: 1 };
    const two = { intent: "put", value: 2 };
    const { agent } = fullAgent([]);
    const fidelity = { grade: "exact", reasons: [] } as const;
    const completion = { raw: "", client: "c", usage: null, durationMs: 0, requestDigest: "d" };
    const answers = [
      { ok: true, value: [one], fidelity, more: [{ value: [two, one], fidelity }], completion } as const,
      { ok: true, value: [{ intent: "nothing" }], fidelity, more: [], completion } as const,
    ];
    const call = async () =>
      answers.shift() ?? { ok: false as const, reason: "empty" as const, message: "", completion };
    const runtime = testRuntime({
      agents: [{ ...agent, severalSteps: "in_order", nextStep: { ...agent.nextStep, call } }],
    });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "step_proposed").map(({ data }) => data.step)).toEqual([
      one,
      two,
      one,
      { intent: "nothing" },
    ]);
  });
});
