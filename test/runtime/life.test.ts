import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { StatusKind } from "../../src/thread/state.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { temporaryFolder } from "../store/temporary.ts";
import { type FullStep, fullAgent } from "./full-agent.ts";
import { ada, approvalOf, bench, bob, eventsOf, testRuntime, typesOf } from "./harness.ts";

const _textOf = (value: unknown) => canonicalJson(toJson(value));
const pay: Extract<FullStep, { intent: "pay" }> = { intent: "pay", amount: 50, to: "carol" };
const put: FullStep = { intent: "put", value: 1 };
const done: FullStep = { intent: "done", message: "end" };

async function reaches(runtime: Runtime, id: ThreadId, kind: StatusKind): Promise<Thread> {
  for (let look = 0; look < 1_000; look++) {
    const thread = await runtime.get(id);
    if (thread.state.status.kind === kind) return runtime.settled(id);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`the thread is ${(await runtime.get(id)).state.status.kind}, not ${kind}`);
}

describe("launch, look, stop, go on", () => {
  it("one call launches and returns at once with the thread id", { tags: ["F6.1", "F6.8"] }, async () => {
    const held = Promise.withResolvers<void>();
    const { agent } = fullAgent([done], { onModel: () => held.promise });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId, created } = await runtime.launch({
      agent: "full",
      input: { message: "go", from: ada },
    });
    expect(created).toBe(true);
    expect((await runtime.get(threadId)).state.status.kind).toBe("running");
    held.resolve();
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });

  it("status, events and pending requests can be asked for", { tags: "F6.2" }, async () => {
    const { start, runtime } = bench([pay]);
    const thread = await start("pay carol");
    expect(await runtime.get(thread.id)).toEqual(thread);
    const { threads } = await runtime.list({ pending: true });
    expect(threads).toMatchObject([
      {
        threadId: thread.id,
        status: "awaiting_approval",
        pendingRequest: approvalOf(thread).seq,
        agent: "full",
      },
    ]);
    expect((await runtime.list({ status: ["running"] })).threads).toEqual([]);
    expect(await runtime.verify(thread.id)).toMatchObject({ ok: true });
  });

  it("cancel while a model call runs aborts the call, and nothing follows", { tags: "F6.4" }, async () => {
    let signal: AbortSignal | undefined;
    const asked = Promise.withResolvers<void>();
    const { agent } = fullAgent([]);
    const runtime = testRuntime({
      agents: [
        {
          ...agent,
          nextStep: {
            ...agent.nextStep,
            call: (_, options) => {
              signal = options?.signal;
              asked.resolve();
              return new Promise((_resolve, reject) => {
                signal?.addEventListener("abort", () => reject(signal?.reason));
              });
            },
          },
        },
      ],
    });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    await asked.promise;
    await runtime.cancel(threadId, bob, "changed my mind");
    const thread = await runtime.settled(threadId);
    expect(signal?.aborted).toBe(true);
    expect(thread.state.status).toEqual({
      kind: "cancelled",
      by: { channel: "web", id: "bob", name: "Bob" },
      reason: "changed my mind",
    });
    expect(typesOf(thread)).toEqual(["thread_started", "message_received", "cancelled"]);
  });

  it("cancel while a tool runs aborts it; what became of it is recorded", { tags: "F6.4" }, async () => {
    const started = Promise.withResolvers<void>();
    type Step = { intent: "deploy" } | { intent: "done" };
    const nextStep = scriptedSteps<Step>([{ intent: "deploy" }, { intent: "done" }]);
    const agent = defineAgent(nextStep, {
      name: "deployer",
      steps: {
        deploy: tool((_, { signal }) => {
          started.resolve();
          return new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          });
        }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "deployer", input: { message: "go", from: ada } });
    await started.promise;
    await runtime.cancel(threadId, ada);
    const thread = await runtime.settled(threadId);
    expect(typesOf(thread).slice(-2)).toEqual(["cancelled", "tool_unknown"]);
    expect(nextStep.remaining).toBe(1);
    await expect(runtime.message(threadId, "go on", ada)).rejects.toMatchObject({ code: "conflict" });
    await expect(runtime.cancel(threadId, ada)).rejects.toThrow("it cannot be cancelled");
  });

  it("a working thread is paused after what is being done, and goes on when it is resumed", {
    tags: "F6.5",
  }, async () => {
    const started = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const { agent, ran, nextStep } = fullAgent([{ ...pay, amount: 5 }, done], {
      onTool: () => {
        started.resolve();
        return held.promise;
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    await started.promise;
    await runtime.pause(threadId, bob, "lunch");
    held.resolve();
    const paused = await runtime.settled(threadId);
    expect(paused.state.status).toMatchObject({ kind: "paused", reason: "lunch" });
    // What the tool did is recorded; the model is not asked what follows.
    expect(typesOf(paused).slice(-2)).toEqual(["paused", "tool_finished"]);
    expect(nextStep.prompts).toHaveLength(1);
    await expect(runtime.pause(threadId, bob)).rejects.toThrow("is paused: it cannot be paused");
    await runtime.resume(threadId, ada);
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
    expect(ran).toEqual([`${threadId}:call_3 5 carol`]);
    await expect(runtime.resume(threadId, ada)).rejects.toMatchObject({ code: "conflict" });
  });

  it("a model's answer that comes after the pause is kept and acted on after resuming, not asked for twice", {
    tags: "F6.5",
  }, async () => {
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const { agent, ran, nextStep } = fullAgent([put, done], {
      onModel: () => {
        asked.resolve();
        return held.promise;
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    await asked.promise;
    await runtime.pause(threadId, bob);
    held.resolve();
    const paused = await runtime.settled(threadId);
    expect(typesOf(paused).slice(-2)).toEqual(["paused", "step_proposed"]);
    expect(ran).toEqual([]);
    await runtime.resume(threadId, bob);
    await runtime.settled(threadId);
    expect([ran, nextStep.prompts.length]).toEqual([["put 1"], 2]);
  });

  it("a request can be answered while the thread is paused, and nothing runs until it is resumed", {
    tags: "F6.5",
  }, async () => {
    const { start, runtime, answer, ran } = bench([pay, done]);
    const thread = await start();
    await runtime.pause(thread.id, ada);
    const answered = await answer(await runtime.get(thread.id), { kind: "approved" });
    expect(answered.state.status.kind).toBe("paused");
    expect(ran).toEqual([]);
    await runtime.resume(thread.id, ada);
    await runtime.settled(thread.id);
    expect(ran).toHaveLength(1);
  });

  it("between selection and invocation nothing runs: the thread lies on disk, and another process goes on from its events alone", {
    tags: ["F6.3", "F6.7", "F6.9", "F5.3"],
  }, async () => {
    const folder = await temporaryFolder();
    const path = `${folder.path}/threads.db`;
    const first = await openSqliteStore(path);
    const before = bench([pay], { store: first });
    const asked = await before.start();
    await before.runtime.stop();
    await first.close();
    expect(before.ran).toEqual([]);

    const second = await openSqliteStore(path);
    const { agent, ran } = fullAgent([done]);
    const runtime = testRuntime({ agents: [agent], store: second, clock: fakeClock() });
    const { seq, digest } = approvalOf(await runtime.get(asked.id));
    await runtime.respond(requestIdOf(asked.id, seq), { decision: { kind: "approved" }, digest }, bob);
    const ended = await runtime.settled(asked.id);
    expect(ended.state.status.kind).toBe("finished");
    expect(ran).toEqual([`${asked.id}:call_3 50 carol`]);
    expect(ended.events.slice(0, asked.events.length)).toEqual(asked.events);
    await runtime.stop();
    await second.close();
    await folder.remove();
  });

  it("a finished thread accepts a further message and goes on with what it knows", {
    tags: "F6.11",
  }, async () => {
    const { start, runtime, prompts } = bench([done, { intent: "done", message: "again" }]);
    const thread = await start("first");
    await runtime.message(thread.id, "second", bob);
    const ended = await runtime.settled(thread.id);
    expect(ended.state.status).toEqual({ kind: "finished", result: "again" });
    expect(prompts[1]).toContain("first");
    expect(prompts[1]).toContain("second");
  });

  it("a message that comes while an approval is pending is kept, makes it ask again, and reaches the model", {
    tags: "F6.12",
  }, async () => {
    const { start, runtime, answer, prompts, ran } = bench([pay, done]);
    const thread = await start();
    await runtime.message(thread.id, "and hurry", bob);
    const later = await runtime.settled(thread.id);
    expect(approvalOf(later).callId).toEqual(approvalOf(thread).callId);
    expect(approvalOf(later).digest).not.toEqual(approvalOf(thread).digest);
    await answer(later, { kind: "approved" });
    expect(ran).toHaveLength(1);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain("and hurry");
  });

  it("a message that comes while the model answers makes the answer out of date: it is asked again", {
    tags: "F6.12",
  }, async () => {
    let first = true;
    const { agent, nextStep, ran } = fullAgent([put, done], {
      onModel: async () => {
        if (!first) return;
        first = false;
        await runtime.message(id, "stop, finish instead", ada);
      },
    });
    const runtime = testRuntime({ agents: [agent], newThreadId: () => id });
    const id = "thr_known" as ThreadId;
    await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    const thread = await runtime.settled(id);
    expect(nextStep.prompts).toHaveLength(2);
    expect(nextStep.prompts[1]).toContain("finish instead");
    expect(ran).toEqual([]);
    expect(eventsOf(thread, "step_proposed")).toHaveLength(1);
  });
});

describe("time and events", () => {
  it("a durable sleep ends at its time, in another process, and the model goes on", {
    tags: "F8.7",
  }, async () => {
    const clock = fakeClock();
    const store = createMemoryStore();
    const before = bench([{ intent: "nap", seconds: 3600 }], { store, clock });
    const asleep = await before.start();
    await before.runtime.stop();
    const { agent } = fullAgent([done]);
    const runtime = testRuntime({ agents: [agent], store, clock });
    runtime.start();
    await clock.advance(3_599_000);
    expect((await runtime.get(asleep.id)).state.status.kind).toBe("awaiting_time");
    await clock.advance(2_000);
    const ended = await reaches(runtime, asleep.id, "finished");
    expect(eventsOf(ended, "woke")[0]).toMatchObject({
      at: "2026-01-01T01:00:00.000Z",
      data: { timedOut: false },
    });
  });

  it("a wait ends with the event of its name and its payload reaches the model; others are kept and do not end it", {
    tags: "F8.7",
  }, async () => {
    const { start, runtime, prompts } = bench([{ intent: "await", name: "paid" }, done]);
    const thread = await start();
    expect(thread.state.status).toMatchObject({ kind: "awaiting_event", name: "paid" });
    const other = await runtime.receive(thread.id, { name: "shipped", source: "shop", payload: "box 7" });
    expect(other.state.status.kind).toBe("awaiting_event");
    await runtime.receive(thread.id, { name: "paid", source: "bank", payload: { cents: 1234 } });
    const ended = await runtime.settled(thread.id);
    expect(ended.state.status.kind).toBe("finished");
    expect(prompts[1]).toContain("box 7");
    expect(prompts[1]).toContain("cents: 1234");
  });

  it("an event for another call or of another name is refused and changes nothing", {
    tags: "F8.7",
  }, async () => {
    const { start, runtime } = bench([{ intent: "await", name: "paid" }, done]);
    const thread = await start();
    const { callId } = thread.state.calls[0] ?? {};
    const event = { name: "paid", source: "bank", payload: 1 };
    await expect(
      runtime.receive(thread.id, { ...event, callId: "call_99" as NonNullable<typeof callId> }),
    ).rejects.toMatchObject({ code: "illegal_event" });
    if (callId === undefined) throw new Error("no call");
    await expect(runtime.receive(thread.id, { ...event, name: "shipped", callId })).rejects.toThrow(
      "waits for paid",
    );
    expect(await runtime.get(thread.id)).toEqual(thread);
  });

  it("a wait that times out says so", { tags: "F8.7" }, async () => {
    const clock = fakeClock();
    const { start, runtime, prompts } = bench([{ intent: "await", name: "paid" }, done], { clock });
    const thread = await start();
    runtime.start();
    await clock.advance(59_000);
    expect((await runtime.get(thread.id)).state.status.kind).toBe("awaiting_event");
    await clock.advance(2_000);
    const ended = await reaches(runtime, thread.id, "finished");
    expect(eventsOf(ended, "woke")[0]?.data).toMatchObject({ timedOut: true });
    expect(prompts[1]).toMatch(/time/i);
  });
});
