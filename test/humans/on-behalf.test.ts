import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Input } from "../../src/runtime/input.ts";
import type { Approval, ToolContext } from "../../src/steps/definitions.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { ada, approvalOf, bob, eve, questionOf, testRuntime } from "../runtime/harness.ts";

type Step = { intent: "pay"; amount: number } | { intent: "done"; message: string };

const pay: Step = { intent: "pay", amount: 600 };
const done: Step = { intent: "done", message: "end" };

/** An agent that pays, and notes for whom it was told to. */
function payer(script: readonly ScriptedAnswer<Step>[], approval: Approval, fails = false) {
  const calls: Pick<ToolContext, "requester" | "approvedBy">[] = [];
  const agent = defineAgent(scriptedSteps<Step>(script), {
    name: "payer",
    steps: {
      pay: tool(
        (_step, { requester, approvedBy }) => {
          calls.push({ requester, approvedBy });
          if (fails) throw new Error("the bank is closed");
        },
        { approval },
      ),
      done: finish(({ message }) => message),
    },
  });
  const runtime = testRuntime({ agents: [agent] });
  return {
    calls,
    runtime,
    async start(input: Input = { message: "pay", from: ada }): Promise<Thread> {
      const { threadId } = await runtime.launch({ agent: "payer", input });
      return runtime.settled(threadId);
    },
    async approve(thread: Thread, by = bob): Promise<Thread> {
      const { seq, digest } = approvalOf(thread);
      await runtime.respond(requestIdOf(thread.id, seq), { decision: { kind: "approved" }, digest }, by);
      return runtime.settled(thread.id);
    },
  };
}

describe("for whom a call runs", { tags: "F7.15" }, () => {
  it("a tool is told for whom it runs, and apart from that who approved it", async () => {
    const { start, approve, calls } = payer([pay, done], { needed: 2 });
    await approve(await approve(await start(), eve));
    expect(calls).toEqual([
      {
        requester: { channel: "terminal", id: "ada" },
        approvedBy: [
          { channel: "mail", id: "eve" },
          { channel: "web", id: "bob", name: "Bob" },
        ],
      },
    ]);
  });

  it("it runs for whoever sent the latest input; code alone changes nothing about that", async () => {
    const { start, runtime, calls } = payer([pay, done, pay, done, pay, done], "never");
    const { id } = await start();
    await runtime.message(id, "again", bob);
    await runtime.settled(id);
    await runtime.receive(id, { name: "tick", source: "cron", payload: null, from: "system" });
    await runtime.settled(id);
    expect(calls.map(({ requester }) => requester?.id)).toEqual(["ada", "bob", "bob"]);
  });

  it("what nobody knows who sent is done for nobody, also in the thread of somebody", async () => {
    const { start, runtime, calls } = payer([pay, done, pay, done], "never");
    const { id } = await start();
    await runtime.receive(id, { name: "order", source: "webhook:shop", payload: null });
    await runtime.settled(id);
    expect(calls.map(({ requester }) => requester?.id ?? null)).toEqual(["ada", null]);
  });
});

describe("errors of a tool that is always approved", { tags: ["F9.3", "F9.4"] }, () => {
  it("meet their limit: an approval is no success", async () => {
    const { start, approve } = payer([pay, pay, pay], "always", true);
    let thread = await start();
    for (let time = 0; time < 3; time++) thread = await approve(thread);
    expect(questionOf(thread)).toMatchObject({
      kind: "escalation",
      question: expect.stringContaining("3 errors in a row"),
    });
  });
});
