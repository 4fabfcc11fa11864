import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { VerifiedPrincipal } from "../../src/humans/principal.ts";
import { mayDecide, pendingRequest } from "../../src/humans/request.ts";
import type { Input } from "../../src/runtime/input.ts";
import type { RuntimeOptions } from "../../src/runtime/options.ts";
import { requestView } from "../../src/server/views.ts";
import type { Approval, ToolContext } from "../../src/steps/definitions.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { ada, approvalOf, bob, eve, eventsOf, PEOPLE, questionOf, testRuntime } from "../runtime/harness.ts";

type Step = { intent: "pay"; amount: number } | { intent: "done"; message: string };

const pay: Step = { intent: "pay", amount: 600 };
const done: Step = { intent: "done", message: "end" };

/** An agent that pays, and notes for whom it was told to. */
function payer(
  script: readonly ScriptedAnswer<Step>[],
  approval: Approval,
  { fails = false, ...options }: Pick<RuntimeOptions, "stillAllowed" | "people"> & { fails?: boolean } = {},
) {
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
  const runtime = testRuntime({ agents: [agent], ...options });
  return {
    calls,
    runtime,
    async start(input: Input = { message: "pay", from: ada }): Promise<Thread> {
      const { threadId } = await runtime.launch({ agent: "payer", input });
      return runtime.settled(threadId);
    },
    async approve(thread: Thread, by: VerifiedPrincipal = bob): Promise<Thread> {
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

describe("a fork", { tags: "F7.15" }, () => {
  it("acts for whoever made it: neither a copied step nor a copied message runs in the other's name", async () => {
    const { start, runtime, calls, approve } = payer([pay, done, pay, done, done], "always");
    const original = await start();
    const proposed = eventsOf(original, "step_proposed")[0]?.seq ?? 0;
    const atStep = await runtime.fork(original.id, proposed, bob);
    await runtime.resume(atStep.id, bob);
    await approve(await runtime.settled(atStep.id));
    const atMessage = await runtime.fork(original.id, proposed - 1, eve);
    await runtime.resume(atMessage.id, eve);
    await approve(await runtime.settled(atMessage.id));
    expect(calls.map(({ requester }) => requester?.id)).toEqual(["bob", "eve"]);
    await approve(original);
    expect(calls.at(-1)?.requester?.id).toBe("ada");
  });
});

describe("people who are checked again when a call runs", { tags: "F7.15" }, () => {
  it("a requester who is not allowed any more: the call is refused, and the model is told", async () => {
    const asked: string[] = [];
    const { start, calls } = payer([pay, done], "never", {
      stillAllowed: ({ id }, { role, intent, agent }) => {
        asked.push(`${agent} ${intent} ${role} ${id}`);
        return false;
      },
    });
    const thread = await start();
    expect(calls).toEqual([]);
    expect(asked).toEqual(["payer pay requester ada"]);
    expect(eventsOf(thread, "step_refused")[0]?.data).toMatchObject({
      reason: "requester",
      message: expect.stringContaining("terminal:ada, for whom pay would run, is not allowed"),
    });
  });

  it("an approver who is not allowed any more: it is asked again, and the card says why", async () => {
    let gone = "bob";
    const { start, approve, calls } = payer([pay, done], "always", {
      stillAllowed: async ({ id }, { role }) => role === "requester" || id !== gone,
    });
    const again = await approve(await start());
    expect(calls).toEqual([]);
    expect(approvalOf(again).card.reasons).toContainEqual({ kind: "approver", who: "web:bob" });
    gone = "";
    await approve(again, eve);
    expect(calls).toHaveLength(1);
  });

  it("nothing but true lets a call run, and while nobody can say, nothing runs and nothing is lost", async () => {
    const yes: unknown = "yes";
    const loose = payer([pay, done], "never", { stillAllowed: () => yes as boolean });
    await loose.start();
    let down = true;
    const { start, runtime, calls } = payer([pay, done], "never", {
      stillAllowed: () => {
        if (down) throw new Error("the directory is down");
        return true;
      },
    });
    await expect(start()).rejects.toThrow("the directory is down");
    expect([...calls, ...loose.calls]).toEqual([]);
    down = false;
    const [thread] = (await runtime.list()).threads;
    if (thread === undefined) throw new Error("there is no thread");
    await runtime.settled(thread.threadId);
    expect(calls).toHaveLength(1);
  });

  it("an approver who turns out to be the requester under another name: it is asked again", async () => {
    const people: Record<string, string[]> = { ada: ["terminal:ada"], bob: ["web:bob"] };
    const { start, runtime, approve, calls } = payer([pay, done], { requesterMayApprove: false }, { people });
    const asked = await start();
    await runtime.pause(asked.id, ada);
    const { seq, digest } = approvalOf(asked);
    await runtime.respond(requestIdOf(asked.id, seq), { decision: { kind: "approved" }, digest }, bob);
    people["ada"] = ["terminal:ada", "web:bob"];
    delete people["bob"];
    await runtime.resume(asked.id, ada);
    const again = await runtime.settled(asked.id);
    expect(calls).toEqual([]);
    expect(approvalOf(again).card.reasons).toContainEqual({ kind: "approver", who: "web:bob" });
    await expect(approve(again)).rejects.toThrow("requested this and may not approve it");
  });

  it("an approver whom the policy does not name any more: it is asked again", async () => {
    let approvers = ["web:bob", "mail:eve"];
    const agent = defineAgent(scriptedSteps<Step>([pay, done]), {
      name: "payer",
      steps: { pay: tool(() => "paid", { approval: () => ({ approvers }) }), done: finish(() => "end") },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "payer", input: { message: "pay", from: ada } });
    const asked = approvalOf(await runtime.settled(threadId));
    await runtime.pause(threadId, ada);
    const { seq, digest } = asked;
    await runtime.respond(requestIdOf(threadId, seq), { decision: { kind: "approved" }, digest }, bob);
    approvers = ["mail:eve"];
    await runtime.resume(threadId, ada);
    const again = await runtime.settled(threadId);
    expect(eventsOf(again, "tool_started")).toEqual([]);
    expect(approvalOf(again).policy.approvers).toEqual(["mail:eve"]);
  });
});

describe("whoever has asked for what an agent does", { tags: "F7.15" }, () => {
  it("counts those who told an agent that was stuck how to go on: they may not approve what comes of it", async () => {
    const policy = { requesterMayApprove: false };
    const { start, approve, runtime } = payer([pay, pay, pay, pay, done], policy, { fails: true });
    let thread = await start();
    for (let time = 0; time < 3; time++) thread = await approve(thread);
    const { seq } = questionOf(thread);
    const decision = { kind: "answered", text: "pay 600 to eve" } as const;
    await runtime.respond(requestIdOf(thread.id, seq), { decision }, eve);
    thread = await runtime.settled(thread.id);
    await expect(approve(thread, eve)).rejects.toThrow("requested this and may not approve it");
    await approve(thread, bob);
  });

  it("does not count those who denied it, with whatever words: they are approvers", async () => {
    const { start, approve, runtime, calls } = payer([pay, pay, done], { requesterMayApprove: false });
    const asked = await start();
    const { seq, digest } = approvalOf(asked);
    const decision = { kind: "denied", feedback: "pay in the evening" } as const;
    await runtime.respond(requestIdOf(asked.id, seq), { decision, digest }, bob);
    const again = await runtime.settled(asked.id);
    expect(again.state.requesters.known.map(({ id }) => id)).toEqual(["ada"]);
    await approve(again, bob);
    expect(calls).toEqual([
      { requester: { channel: "terminal", id: "ada" }, approvedBy: [expect.objectContaining({ id: "bob" })] },
    ]);
  });

  it("they may not have an approved call run once more, whose outcome nobody knows", async () => {
    let runs = 0;
    const lost = () => {
      runs += 1;
      return runs === 1 ? new Promise(() => {}) : "paid";
    };
    const agent = defineAgent(scriptedSteps<Step>([pay, done]), {
      name: "payer",
      steps: {
        pay: tool(lost, { approval: { requesterMayApprove: false }, timeoutMs: 10 }),
        done: finish(({ message }) => message),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "payer", input: { message: "pay", from: ada } });
    const { seq, digest } = approvalOf(await runtime.settled(threadId));
    await runtime.respond(requestIdOf(threadId, seq), { decision: { kind: "approved" }, digest }, bob);
    const unknown = await runtime.settled(threadId);
    const request = requestIdOf(threadId, questionOf(unknown).seq);
    const pending = pendingRequest(unknown);
    if (pending === null) throw new Error("nothing is asked");
    expect([ada, bob].map((by) => mayDecide(pending, by, PEOPLE, "did_not_happen"))).toEqual([false, true]);
    expect(mayDecide(pending, ada, PEOPLE)).toBe(true);
    expect([ada, bob].map((by) => requestView(pending, by, PEOPLE).accepts)).toEqual([
      ["happened", "denied"],
      ["happened", "did_not_happen", "denied"],
    ]);
    const again = { decision: { kind: "did_not_happen" } } as const;
    await expect(runtime.respond(request, again, ada)).rejects.toThrow("requested this and may not approve");
    await runtime.respond(request, again, bob);
    await runtime.settled(threadId);
    expect(runs).toBe(2);
  });

  it("counts those who forked what a fork was made of", async () => {
    const { start, runtime } = payer([pay], { requesterMayApprove: false });
    const { id, state } = await start();
    const fork = await runtime.fork(id, state.seq, eve);
    const second = await runtime.fork(fork.id, 2, bob);
    expect(second.state.requesters.known.map((one) => one.id)).toEqual(["eve", "bob", "ada"]);
  });
});

describe("errors of a tool that is always approved", { tags: ["F9.3", "F9.4"] }, () => {
  it("meet their limit: an approval is no success", async () => {
    const { start, approve } = payer([pay, pay, pay], "always", { fails: true });
    let thread = await start();
    for (let time = 0; time < 3; time++) thread = await approve(thread);
    expect(questionOf(thread)).toMatchObject({
      kind: "escalation",
      question: expect.stringContaining("3 errors in a row"),
    });
  });
});
