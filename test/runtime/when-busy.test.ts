import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { defineAgent, type WhenBusy } from "../../src/agent/agent.ts";
import { randomThreadId } from "../../src/base/ids.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { type FullStep, fullAgent } from "./full-agent.ts";
import { ada, eventsOf, testRuntime, typesOf } from "./harness.ts";

const done: FullStep = { intent: "done", message: "end" };

/** Runs a script; a message arrives while the model gives its first answer, or while the first tool runs. */
async function interfere(
  whenBusy: WhenBusy,
  script: readonly ScriptedAnswer<FullStep>[],
  during: "onModel" | "onTool",
) {
  const threadId = randomThreadId();
  let sent = false;
  const once = async () => {
    if (sent) return;
    sent = true;
    await runtime.message(threadId, "no, wait", ada);
  };
  const { agent, nextStep, ran } = fullAgent(script, { whenBusy, [during]: once });
  const runtime = testRuntime({ agents: [agent] });
  await runtime.launch({ agent: "full", input: { message: "go", from: ada }, threadId });
  const thread = await runtime.settled(threadId);
  nextStep.assertUsedUp();
  // Whatever came in between, the recording gives the thread byte for byte.
  expect(await replayThread(thread, agent)).toEqual(thread);
  return { thread, ran, prompts: nextStep.prompts, types: typesOf(thread).slice(1) };
}

describe("a message while the model works", { tags: "F6.13" }, () => {
  const put: FullStep = { intent: "put", value: 1 };

  it("steers: the answer under way is dropped, and the model asked anew", async () => {
    const { types, ran, prompts } = await interfere("steer", [put, done], "onModel");
    expect(types).toEqual(["message_received", "message_received", "step_proposed", "finished"]);
    expect(ran).toEqual([]);
    expect(prompts[1]).toContain("no, wait");
  });

  it("queues: the answer counts, and the model reads the message next", async () => {
    const { types, ran, prompts } = await interfere("queue", [put, done], "onModel");
    expect(types.slice(0, 5)).toEqual([
      "message_received",
      "message_received",
      "step_proposed",
      "tool_started",
      "tool_finished",
    ]);
    expect(ran).toEqual(["put 1"]);
    expect(prompts[1]).toContain("no, wait");
  });

  it("queues: no run ends with a message that the model has not read", async () => {
    const { thread, prompts } = await interfere("queue", [done, { ...done, message: "read" }], "onModel");
    expect(eventsOf(thread, "steps_dropped")).toHaveLength(1);
    expect(prompts[1]).toContain("no, wait");
    expect(thread.state).toMatchObject({
      consecutiveErrors: 0,
      status: { kind: "finished", result: "read" },
    });
  });
});

describe("a message while a tool works", { tags: "F6.13" }, () => {
  it.each(["steer", "queue"] as const)("%ss: the tool ends in peace", async (whenBusy) => {
    const { thread, prompts } = await interfere(
      whenBusy,
      [{ intent: "pay", amount: 5, to: "bob" }, done],
      "onTool",
    );
    expect(eventsOf(thread, "tool_finished")).toHaveLength(1);
    expect(prompts[1]).toContain("no, wait");
  });

  it("interrupts: what is not idempotent has an unknown outcome, and a person is asked", async () => {
    const { thread, types } = await interfere(
      "interrupt",
      [{ intent: "pay", amount: 5, to: "bob" }],
      "onTool",
    );
    expect(types.slice(3)).toEqual(["message_received", "tool_unknown", "human_asked"]);
    expect(thread.state.request).toMatchObject({ kind: "unknown_outcome" });
  });
});

type Busy = { intent: "search" | "charge" | "done" };

/** An agent whose tools go on until they are stopped. */
function busyAgent(script: readonly ScriptedAnswer<Busy>[], { slowModel = false } = {}) {
  const calls = { model: 0 };
  const working = Promise.withResolvers<void>();
  const untilStopped = (signal: AbortSignal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      working.resolve();
    });
  const steps = scriptedSteps<Busy>(script);
  const nextStep: typeof steps = Object.create(steps, {
    call: {
      async value(...[args, options]: Parameters<typeof steps.call>) {
        calls.model += 1;
        if (slowModel && calls.model === 1 && options?.signal !== undefined)
          await untilStopped(options.signal);
        return steps.call(args, options);
      },
    },
  });
  const agent = defineAgent(nextStep, {
    name: "busy",
    whenBusy: "interrupt",
    steps: {
      search: tool((_step, { signal }) => untilStopped(signal), { readOnly: true }),
      charge: tool((_step, { signal }) => untilStopped(signal)),
      done: finish(() => "done"),
    },
  });
  return { agent, working: working.promise, calls, nextStep };
}

describe("an interruption", { tags: "F6.13" }, () => {
  const start = async (runtime: ReturnType<typeof testRuntime>) =>
    (await runtime.launch({ agent: "busy", input: { message: "go", from: ada } })).threadId;

  it("aborts a tool that only reads, and the run goes on with the message", async () => {
    const { agent, working, nextStep } = busyAgent([{ intent: "search" }, { intent: "done" }]);
    const runtime = testRuntime({ agents: [agent] });
    const threadId = await start(runtime);
    await working;
    await runtime.message(threadId, "stop searching", ada);
    const thread = await runtime.settled(threadId);
    expect(thread.state.status.kind).toBe("finished");
    expect(eventsOf(thread, "tool_failed")[0]?.data.error.message).toBe("a newer message has interrupted it");
    expect(nextStep.prompts[1]).toContain("stop searching");
  });

  it("is looked for while anything works: a look that fails after that is no problem", async () => {
    const memory = createMemoryStore();
    const [asked, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const store: typeof memory = {
      ...memory,
      summaries: async () => {
        asked.resolve();
        await closed.promise;
        throw new Error("the store is closed");
      },
    };
    const { agent } = busyAgent([{ intent: "search" }, { intent: "done" }]);
    const runtime = createRuntime({ agents: [agent], store });
    const problems: unknown[] = [];
    runtime.subscribe((seen) => {
      if (seen.kind === "sweep_problem") problems.push(seen.error);
    });
    const threadId = await start(runtime);
    await asked.promise;
    await runtime.cancel(threadId, ada);
    await runtime.settled(threadId);
    await runtime.stop();
    closed.resolve();
    await setImmediate();
    expect(problems).toEqual([]);
  });

  it("aborts a model call, which is made anew with the message, once", async () => {
    const { agent, working, calls, nextStep } = busyAgent([{ intent: "done" }], { slowModel: true });
    const runtime = testRuntime({ agents: [agent] });
    const threadId = await start(runtime);
    await working;
    await runtime.message(threadId, "another thing", ada);
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
    expect([calls.model, nextStep.prompts.length]).toEqual([2, 1]);
    expect(nextStep.prompts[0]).toContain("another thing");
  });

  it("comes through from another process", async () => {
    const store = createMemoryStore();
    const { agent, working } = busyAgent([{ intent: "charge" }]);
    const runtime = testRuntime({ agents: [agent], store });
    const threadId = await start(runtime);
    await working;
    const elsewhere = testRuntime({ agents: [], store });
    await expect(elsewhere.message(threadId, "stop", ada)).rejects.toThrow("no agent");
    const other = testRuntime({ agents: [busyAgent([]).agent], store });
    await other.message(threadId, "stop", ada);
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "tool_unknown")[0]?.data.reason).toBe("it was interrupted");
    expect(thread.state.request).toMatchObject({ kind: "unknown_outcome" });
  });
});
