import { describe, expect, expectTypeOf, it, vi } from "vitest";
import { type Agent, defineAgent } from "../../src/agent/agent.ts";
import type { CredentialRequest } from "../../src/agent/credentials.ts";
import { systemClock } from "../../src/base/clock.ts";
import { NeedsPersonError, RunFailedError } from "../../src/base/errors.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { runAgent } from "../../src/runtime/run-agent.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import type { ToolContext } from "../../src/steps/definitions.ts";
import { delegate, finish, nothing, sleep, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { answering } from "../examples/kills.ts";
import { temporaryStore } from "../store/temporary.ts";
import { familyMember } from "./family-agents.ts";
import { ada, approvalOf, bob, eventsOf, testRuntime } from "./harness.ts";

type Order =
  | { intent: "buy"; item: string }
  | { intent: "wait"; seconds: number }
  | { intent: "leave"; reason: string };

const shopper = (script: readonly Order[]) =>
  defineAgent(scriptedSteps<Order>(script), {
    name: "shopper",
    steps: {
      buy: finish(({ item }) => ({ item, price: 3 })),
      wait: sleep(({ seconds }) => ({ seconds })),
      leave: nothing(({ reason }) => reason),
    },
  });

describe("an agent inside an ordinary program", { tags: "F10.3" }, () => {
  it("gives its result, with its type", async () => {
    const result = await runAgent(shopper([{ intent: "buy", item: "tea" }]), { wanted: "tea" });
    expectTypeOf(result).toEqualTypeOf<{ item: string; price: number } | string>();
    expect(result).toEqual({ item: "tea", price: 3 });
  });

  it("waits for time in memory, and works for nobody where code alone asks", async () => {
    const agent = shopper([
      { intent: "wait", seconds: 0.01 },
      { intent: "leave", reason: "closed" },
    ]);
    expect(await runAgent(agent, "look")).toBe("closed");
  });

  it("without a store it rejects when a person is needed, also below it", async () => {
    const asking = familyMember("boss", [{ intent: "ask", question: "which broom?" }]);
    await expect(runAgent(asking.agent, "sweep")).rejects.toThrow(NeedsPersonError);
    const boss = familyMember("boss", [{ intent: "hand", task: "sweep" }]);
    const helper = familyMember("helper", [{ intent: "ask", question: "which broom?" }]);
    const run = runAgent(boss.agent, "sweep", { agents: [helper.agent] });
    await expect(run).rejects.toMatchObject({
      code: "needs_person",
      requestId: expect.stringMatching(/^thr_[0-9a-f]{24}\.4$/),
      message: expect.stringContaining("which broom?"),
    });
  });

  it("waits for what works for it in the background, and for whom that needs", async () => {
    const script = [
      { intent: "hand_aside", task: "sweep" },
      { intent: "done", message: "begun" },
      { intent: "done", message: "all swept" },
    ] as const;
    const helper = familyMember("helper", [
      { intent: "pay", amount: 1 },
      { intent: "done", message: "swept" },
    ]);
    expect(await runAgent(familyMember("boss", script).agent, "go", { agents: [helper.agent] })).toBe(
      "all swept",
    );
    const asking = familyMember("helper", [{ intent: "ask", question: "which broom?" }]);
    const run = runAgent(familyMember("boss", script).agent, "go", { agents: [asking.agent] });
    await expect(run).rejects.toThrow("which broom?");
  });

  it("with the same id is one run, however many begin it at once in however many processes", async () => {
    const { store, reopen, close } = await temporaryStore();
    const other = await reopen();
    const script = [
      { intent: "pay", amount: 1 },
      { intent: "done", message: "paid" },
    ] as const;
    const ran: string[] = [];
    const onPay = async () => ran.push("pay");
    const calls = Array.from({ length: 6 }, (_, n) => {
      const { agent } = familyMember("boss", script, { onPay });
      return runAgent(agent, `go ${n}`, { store: n % 2 === 0 ? store : other, id: "today" });
    });
    expect(await Promise.all(calls)).toEqual(Array(6).fill("paid"));
    expect(ran).toEqual(["pay"]);
    expect((await store.list()).threads).toHaveLength(1);
    const another = familyMember("boss", script, { onPay });
    expect(await runAgent(another.agent, "go", { store, id: "tomorrow" })).toBe("paid");
    expect((await store.list()).threads).toHaveLength(2);
    await close();
  });

  it("within tools is handed on at most five times, and what it delegates counts with it", {
    tags: "F10.4",
  }, async () => {
    type Step = { intent: "again" } | { intent: "hand" } | { intent: "done"; text: string };
    const problems: string[] = [];
    const depths: number[] = [];
    const model = answering((prompt): Step => {
      if (/again_result|step_refused|hand_result/.test(prompt)) return { intent: "done", text: "ok" };
      return prompt.includes("hand over") ? { intent: "hand" } : { intent: "again" };
    });
    const nested: Agent = defineAgent(model, {
      name: "nested",
      steps: {
        again: tool(async (_step, context) => {
          depths.push(context.thread.state.depth);
          const task = depths.length === 4 ? "hand over" : "go";
          await runAgent(nested, task, { within: context, store: createMemoryStore() }).catch((error) => {
            problems.push(String(error));
          });
          return "tried";
        }),
        hand: delegate({ agent: "nested", input: () => "go" }),
        done: finish(({ text }) => text),
      },
    });
    expect(await runAgent(nested, "go")).toBe("ok");
    expect(depths).toEqual([0, 1, 2, 3, 5]);
    expect(problems).toEqual([expect.stringContaining("work is handed on at most 5 times")]);
  });

  it("within read-only tools runs at most eight times at once, the results in the order of the steps", {
    tags: ["F4.9", "F10.4"],
  }, async () => {
    const most = { now: 0, at: 0 };
    type Ask = { intent: "ask"; item: number } | { intent: "done" };
    type Answer = { intent: "look"; item: number } | { intent: "say"; item: number };
    const itemIn = (prompt: string) => Number(/item: (\d+)/.exec(prompt)?.[1]);
    const helper = defineAgent(
      answering(
        (prompt): Answer => ({
          intent: prompt.includes("look_result") ? "say" : "look",
          item: itemIn(prompt),
        }),
      ),
      {
        name: "helper",
        steps: {
          look: tool(
            async ({ item }) => {
              most.at += 1;
              most.now = Math.max(most.now, most.at);
              // The first of them come last.
              await systemClock.sleep(Math.max(0, 8 - item));
              most.at -= 1;
              return "seen";
            },
            { readOnly: true },
          ),
          say: finish(({ item }) => item * 10),
        },
      },
    );
    const [first, ...more] = Array.from({ length: 12 }, (_, item): Ask => ({ intent: "ask", item }));
    if (first === undefined) throw new Error("unreachable");
    const boss = defineAgent(scriptedSteps<Ask>([{ steps: [first, ...more] }, { intent: "done" }]), {
      name: "boss",
      severalSteps: "concurrent",
      steps: {
        ask: tool(({ item }, within) => runAgent(helper, { item }, { within }), { readOnly: true }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [boss] });
    const { threadId } = await runtime.launch({ agent: "boss", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    const results = eventsOf(thread, "tool_finished").map(({ data }) => data.result);
    expect(results).toEqual(Array.from({ length: 12 }, (_, item) => item * 10));
    expect(most.now).toBeGreaterThan(1);
    expect(most.now).toBeLessThanOrEqual(8);
  });

  it("rejects when the run fails, with what was wrong", async () => {
    const { agent } = familyMember("boss", [{ intent: "fail", message: "no broom" }]);
    const run = runAgent(agent, "sweep");
    await expect(run).rejects.toThrow(RunFailedError);
    await expect(run).rejects.toThrow("agent boss failed: ErrorLimit");
  });

  it("in a store it waits for people, and the same id is the same run in every process", async () => {
    const store = createMemoryStore();
    const script = [
      { intent: "ask", question: "which broom?" },
      { intent: "done", message: "swept with red" },
    ] as const;
    const first = familyMember("boss", script);
    const stopped = new AbortController();
    const run = runAgent(first.agent, "sweep", { store, id: "today", from: ada, signal: stopped.signal });
    const pending = await expect
      .poll(async () => (await store.list({ pending: true })).threads[0])
      .toBeDefined()
      .then(() => store.list({ pending: true }));
    stopped.abort(new Error("the process ends"));
    await expect(run).rejects.toThrow("the process ends");
    const [summary] = pending.threads;
    if (summary === undefined) throw new Error("nothing is asked");
    const second = familyMember("boss", script.slice(1));
    const again = runAgent(second.agent, "sweep", { store, id: "today", from: ada });
    const elsewhere = createRuntime({ agents: [second.agent], store, worker: false });
    const { id } = await elsewhere.request(`${summary.threadId}.${summary.pendingRequest}` as never);
    await elsewhere.respond(id, { decision: { kind: "answered", text: "red" } }, bob);
    expect(await again).toBe("swept with red");
    expect(await runAgent(second.agent, "sweep", { store, id: "today" })).toBe("swept with red");
    expect((await store.list()).threads).toHaveLength(1);
  });

  it("within a tool works for those for whom the tool does, and what came from outside stays so", {
    tags: ["F7.15", "F3.16"],
  }, async () => {
    type Step = { intent: "pay" } | { intent: "done" };
    const calls: ToolContext[] = [];
    const payer = defineAgent(scriptedSteps<Step>([{ intent: "pay" }, { intent: "done" }]), {
      name: "payer",
      steps: {
        pay: tool((_step, context) => void calls.push(context), {
          credentials: ["bank"],
          approval: { requesterMayApprove: false },
        }),
        done: finish(() => "paid"),
      },
    });
    const store = createMemoryStore();
    const credentials = {
      bank: ({ requester }: CredentialRequest) => `of ${requester?.channel}:${requester?.id}`,
    };
    const boss = defineAgent(
      scriptedSteps<Order>([
        { intent: "buy", item: "tea" },
        { intent: "leave", reason: "done" },
      ]),
      {
        name: "boss",
        context: { untrusted: (event) => (event.type === "message_received" ? "mail" : undefined) },
        steps: {
          buy: tool((_step, context) =>
            runAgent(payer, "pay", { store, credentials, within: context, id: context.key }),
          ),
          wait: finish(() => ""),
          leave: finish(({ reason }) => reason),
        },
      },
    );
    const runtime = testRuntime({ agents: [boss, payer], store, credentials });
    const { threadId } = await runtime.launch({ agent: "boss", input: { message: "buy tea", from: ada } });
    await vi.waitFor(async () =>
      expect((await store.list({ agent: "payer", pending: true })).threads).toHaveLength(1),
    );
    const [summary] = (await store.list({ agent: "payer" })).threads;
    if (summary === undefined) throw new Error("the tool ran nothing");
    const { id, state } = await runtime.get(summary.threadId);
    const { seq, digest } = approvalOf({ id, state });
    expect(payer.context.untrustedIn(await runtime.get(id))).toEqual(["from outside (mail), by a tool"]);
    const response = { decision: { kind: "approved" }, digest } as const;
    await expect(runtime.respond(requestIdOf(id, seq), response, ada)).rejects.toThrow("requested this");
    await runtime.respond(requestIdOf(id, seq), response, bob);
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
    expect(calls[0]?.requester).toEqual({ channel: "terminal", id: "ada" });
    expect(calls[0]?.credential("bank")).toBe("of terminal:ada");
    const [context] = calls;
    await expect(runAgent(payer, "pay", { credentials, within: context, from: ada })).rejects.toThrow(
      "leave out `from`",
    );
  });

  it("runs in a runtime that is there already", async () => {
    const agent = shopper([{ intent: "buy", item: "tea" }]);
    const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
    expect(await runAgent(agent, "tea", { runtime })).toEqual({ item: "tea", price: 3 });
    await runtime.stop();
    await expect(runAgent(shopper([]), "tea", { runtime })).rejects.toThrow("must have the agent shopper");
  });
});
