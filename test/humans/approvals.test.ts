import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { type ApprovalSubject, approvalDigest } from "../../src/humans/approval-digest.ts";
import type { Notice } from "../../src/humans/channel.ts";
import type { People } from "../../src/humans/people.ts";
import { type VerifiedPrincipal, verifiedBy } from "../../src/humans/principal.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy, HumanDecision } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { type FullOptions, type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, approvalOf, bench, bob, eve, eventsOf, testRuntime, typesOf } from "../runtime/harness.ts";

const pay: Extract<FullStep, { intent: "pay" }> = { intent: "pay", amount: 50, to: "carol" };
const done: FullStep = { intent: "done", message: "end" };
const approved: HumanDecision = { kind: "approved" };

describe("the approval digest", () => {
  const subject: ApprovalSubject = {
    threadId: requestThread("thr_one"),
    callId: approvalCall(3),
    tool: "pay@1",
    promptVersion: "p1",
    policy: { needed: 1 },
    card: {
      title: "pay",
      intent: "pay",
      arguments: { amount: 50 },
      reasons: [{ kind: "policy" }],
      preview: { left: 950 },
    },
  };
  const changes: readonly (readonly [string, Partial<ApprovalSubject>])[] = [
    ["thread", { threadId: requestThread("thr_two") }],
    ["call", { callId: approvalCall(9) }],
    ["tool", { tool: "pay@2" }],
    ["prompt", { promptVersion: "p2" }],
    ["policy", { policy: { needed: 2 } }],
    ["arguments", { card: { ...subject.card, arguments: { amount: 51 } } }],
    ["title", { card: { ...subject.card, title: "Pay" } }],
    ["reasons", { card: { ...subject.card, reasons: [] } }],
    ["preview", { card: { ...subject.card, preview: { left: 949 } } }],
  ];
  it.each(changes)("another %s gives another digest", { tags: "F7.7" }, (_, change) => {
    expect(approvalDigest({ ...subject, ...change })).not.toBe(approvalDigest(subject));
    expect(approvalDigest(structuredClone(subject))).toBe(approvalDigest(subject));
  });
});

function requestThread(id: string): ApprovalSubject["threadId"] {
  return id as ApprovalSubject["threadId"];
}

function approvalCall(seq: number): ApprovalSubject["callId"] {
  return `call_${seq}` as ApprovalSubject["callId"];
}

describe("what an approval covers", () => {
  /** Approved under one version of the agent, while the process that would run it is another one. */
  async function approvedThenChanged(
    change: FullOptions & { readonly promptVersion?: string },
    { policy, laterMs = 0 }: { policy?: ApprovalPolicy; laterMs?: number } = {},
  ) {
    const store = createMemoryStore();
    const before = bench([pay], { store, ...(policy === undefined ? {} : { payApproval: policy }) });
    const asked = await before.start();
    // Paused, so that the first process does not run it at once.
    await before.runtime.pause(asked.id, ada);
    const { seq, digest } = approvalOf(asked);
    await before.runtime.respond(requestIdOf(asked.id, seq), { decision: approved, digest }, bob);
    await before.runtime.stop();
    const { agent, ran } = fullAgent([done], change);
    const version = change.promptVersion ?? agent.nextStep.version;
    const nextStep = { ...agent.nextStep, versionFor: () => version };
    const clock = fakeClock(Date.UTC(2026, 0, 1) + laterMs);
    const runtime = testRuntime({ agents: [{ ...agent, nextStep }], store, clock });
    await runtime.resume(asked.id, ada);
    return { asked, ran, runtime, thread: await runtime.settled(asked.id) };
  }

  it("nothing changed: another process runs the approved call", { tags: "F7.7" }, async () => {
    const { ran, thread } = await approvedThenChanged({});
    expect(thread.state.status.kind).toBe("finished");
    expect(ran).toHaveLength(1);
  });

  it("an approval that was not used before it expired is worth nothing: it is asked again", {
    tags: "F7.7",
  }, async () => {
    const policy: ApprovalPolicy = { expiresAfter: 3600 };
    const inTime = await approvedThenChanged({ payApproval: policy }, { policy, laterMs: 3_599_000 });
    expect(inTime.ran).toHaveLength(1);
    for (const onExpiry of ["deny", "ask_again"] as const) {
      const given = { ...policy, onExpiry };
      const change = { payApproval: given };
      const late = await approvedThenChanged(change, { policy: given, laterMs: 3_600_000 });
      expect(late.ran).toEqual([]);
      const again = approvalOf(late.thread);
      expect(again.seq).toBeGreaterThan(approvalOf(late.asked).seq);
      expect(eventsOf(late.thread, "request_expired")[0]?.data).toMatchObject({ outcome: "ask_again" });
      const id = requestIdOf(late.thread.id, again.seq);
      await late.runtime.respond(id, { decision: approved, digest: again.digest }, bob);
      await late.runtime.settled(late.thread.id);
      expect(late.ran).toHaveLength(1);
    }
  });

  it.each([
    ["tool", { payVersion: "2" }],
    ["policy", { payApproval: { approvers: ["web:*"] } }],
    ["prompt", { promptVersion: "another" }],
  ])(
    "another %s: it is asked again, and the old approval is worth nothing",
    { tags: "F7.7" },
    async (_, change) => {
      const { asked, ran, runtime, thread } = await approvedThenChanged(change);
      expect(ran).toEqual([]);
      const again = approvalOf(thread);
      expect(again.digest).not.toBe(approvalOf(asked).digest);
      expect(again.card.reasons).toContainEqual({ kind: "changed" });
      const id = requestIdOf(thread.id, again.seq);
      const old = runtime.respond(id, { decision: approved, digest: approvalOf(asked).digest }, bob);
      await expect(old).rejects.toMatchObject({ code: "conflict" });
      await runtime.respond(id, { decision: approved, digest: again.digest }, bob);
      await runtime.settled(thread.id);
      expect(ran).toHaveLength(1);
    },
  );

  it("an approval is used once: the same step again asks again", { tags: "F7.7" }, async () => {
    const { start, answer, ran } = bench([pay, pay, done]);
    const first = await start();
    const second = await answer(first, approved);
    expect(ran).toHaveLength(1);
    expect(approvalOf(second).callId).not.toBe(approvalOf(first).callId);
    const ended = await answer(second, approved);
    expect(ran).toHaveLength(2);
    expect(ended.state.status.kind).toBe("finished");
  });

  it("a fork needs its own approval, for a pending and for a given one", { tags: "F7.7" }, async () => {
    const { start, answer, runtime, ran } = bench([pay, done, done, done]);
    const asked = await start();
    await answer(asked, approved);
    expect(ran).toHaveLength(1);
    for (const seq of [asked.state.seq, asked.state.seq + 1]) {
      const fork = await runtime.fork(asked.id, seq, ada);
      await runtime.resume(fork.id, ada);
      let copy = await runtime.settled(fork.id);
      expect(ran).toHaveLength(1);
      const { digest } = approvalOf(asked);
      const id = requestIdOf(fork.id, approvalOf(copy).seq);
      await runtime.respond(id, { decision: approved, digest }, bob).catch(() => {});
      copy = await runtime.settled(fork.id);
      // The original's digest runs nothing in the fork.
      expect(ran).toHaveLength(1);
      expect(approvalOf(copy).digest).not.toBe(digest);
    }
  });

  it("a fork asks once, by itself; the original's request is open as before", { tags: "F7.7" }, async () => {
    const { start, runtime, ran } = bench([pay, done, done]);
    const asked = await start();
    const { seq, digest } = approvalOf(asked);
    const fork = await runtime.fork(asked.id, asked.state.seq, ada);
    expect(fork.state.request).toBeNull();
    await runtime.resume(fork.id, ada);
    const copy = approvalOf(await runtime.settled(fork.id));
    expect(copy.seq).toBeGreaterThan(seq);
    await runtime.respond(requestIdOf(asked.id, seq), { decision: approved, digest }, bob);
    await runtime.settled(asked.id);
    expect((await runtime.settled(fork.id)).state.status.kind).toBe("awaiting_approval");
    await runtime.respond(requestIdOf(fork.id, copy.seq), { decision: approved, digest: copy.digest }, bob);
    await runtime.settled(fork.id);
    // Once for each: the copy's call is its own.
    expect(ran).toHaveLength(2);
  });

  it("an approval expires; nobody deciding is a denial that the model is told", {
    tags: ["F7.7", "F7.8"],
  }, async () => {
    const clock = fakeClock();
    const policy: ApprovalPolicy = { expiresAfter: 60 };
    const { start, runtime, ran, prompts } = bench([pay, done], { clock, payApproval: policy });
    const thread = await start();
    const { seq, digest, expiresAt } = approvalOf(thread);
    expect(expiresAt).toBe("2026-01-01T00:01:00.000Z");
    runtime.start();
    await clock.advance(59_000);
    expect((await runtime.settled(thread.id)).state.status.kind).toBe("awaiting_approval");
    await clock.advance(2_000);
    const ended = await until(runtime, thread, "finished");
    const late = runtime.respond(requestIdOf(thread.id, seq), { decision: approved, digest }, bob);
    await expect(late).rejects.toMatchObject({ code: "conflict" });
    expect(eventsOf(ended, "request_expired")[0]?.data).toEqual({ request: seq, outcome: "deny" });
    expect(ran).toEqual([]);
    expect(prompts[1]).toContain("expired");
  });

  it("a decision after the expiry is refused even before anybody has noticed", { tags: "F7.7" }, async () => {
    const clock = fakeClock();
    const { start, runtime } = bench([pay, done], { clock, payApproval: { expiresAfter: 60 } });
    const thread = await start();
    const { seq, digest } = approvalOf(thread);
    await clock.advance(60_000);
    const late = runtime.respond(requestIdOf(thread.id, seq), { decision: approved, digest }, bob);
    await expect(late).rejects.toMatchObject({ code: "expired" });
    expect(await runtime.get(thread.id)).toEqual(thread);
  });

  it("an expired request may be asked again instead", { tags: "F7.7" }, async () => {
    const clock = fakeClock();
    const policy: ApprovalPolicy = { expiresAfter: 60, onExpiry: "ask_again" };
    const { start, answer, runtime, ran } = bench([pay, done], { clock, payApproval: policy });
    const thread = await start();
    await clock.advance(60_000);
    runtime.start();
    const again = await until(runtime, thread, "awaiting_approval", approvalOf(thread).seq);
    expect(approvalOf(again).expiresAt).toBe("2026-01-01T00:02:00.000Z");
    await answer(again, approved);
    expect(ran).toHaveLength(1);
  });
});

/** Waits, without passing time, until the thread is in this state with a later request than `after`. */
async function until(
  runtime: ReturnType<typeof bench>["runtime"],
  { id }: Thread,
  kind: Thread["state"]["status"]["kind"],
  after = 0,
): Promise<Thread> {
  for (let look = 0; look < 1_000; look++) {
    const { state } = await runtime.get(id);
    if (state.status.kind === kind && (state.request === null || state.request.seq > after)) {
      return runtime.settled(id);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`thread ${id} is ${(await runtime.get(id)).state.status.kind}, not ${kind}`);
}

describe("who may approve", () => {
  const by = (policy: ApprovalPolicy) => {
    return bench([pay, done], { payApproval: policy });
  };
  const decide = async (
    { runtime }: Pick<ReturnType<typeof bench>, "runtime">,
    thread: Thread,
    who: VerifiedPrincipal,
    decision: HumanDecision = approved,
  ) => {
    const { seq, digest } = approvalOf(await runtime.get(thread.id));
    return runtime.respond(requestIdOf(thread.id, seq), { decision, digest }, who);
  };

  it.each([
    ["web:bob", true],
    ["web:*", true],
    ["*:bob", true],
    ["web:bo", false],
    ["mail:bob", false],
    ["bob", false],
  ])("approvers %s: bob on the web may decide: %s", { tags: "F7.8" }, async (pattern, may) => {
    const it = by({ approvers: [pattern] });
    const thread = await it.start();
    if (may) await decide(it, thread, bob);
    else await expect(decide(it, thread, bob)).rejects.toMatchObject({ code: "forbidden" });
    expect((await it.runtime.settled(thread.id)).state.status.kind).toBe(
      may ? "finished" : "awaiting_approval",
    );
  });

  it("who may not approve may not deny either", { tags: "F7.8" }, async () => {
    const it = by({ approvers: ["web:bob"] });
    const thread = await it.start();
    await expect(decide(it, thread, eve, { kind: "denied", feedback: "no" })).rejects.toThrow(
      "Eve may not decide on this; Bob may",
    );
  });

  it("two of three: one person counts once, and it runs after the second", { tags: "F7.8" }, async () => {
    const it = by({ approvers: ["web:bob", "mail:eve", "terminal:ada"], needed: 2 });
    const thread = await it.start();
    await decide(it, thread, bob);
    expect(it.ran).toEqual([]);
    await expect(decide(it, thread, bob)).rejects.toThrow("has approved already");
    await decide(it, thread, eve);
    await it.runtime.settled(thread.id);
    expect(it.ran).toHaveLength(1);
  });

  describe("one person on two channels", () => {
    const adaOnTheWeb = verifiedBy("web", "ada");
    const adaInSlack = verifiedBy("slack", "U012AB3CD");
    const twoNeeded = (people: People) => bench([pay, done], { payApproval: { needed: 2 }, people });

    it.each([
      ["listed as one", { ada: ["terminal:ada", "web:ada"] }, "has approved already"],
      ["of whom nothing is known", {}, "say who is who"],
    ])("%s, counts once", { tags: "F7.8" }, async (_, people, message) => {
      const it = twoNeeded(people);
      const thread = await it.start();
      await decide(it, thread, ada);
      await expect(decide(it, thread, adaOnTheWeb)).rejects.toThrow(message);
      await expect(decide(it, thread, adaOnTheWeb)).rejects.toMatchObject({ code: "forbidden" });
      expect((await it.runtime.settled(thread.id)).state.status.kind).toBe("awaiting_approval");
      expect(it.ran).toEqual([]);
    });

    it("known to be two, count twice; so do two of one channel", { tags: "F7.8" }, async () => {
      for (const [people, one, other] of [
        [{ ada: ["*:ada"], bob: ["*:bob"] }, ada, bob],
        [{ ada: ["*:ada"] }, ada, bob],
        [{}, bob, adaOnTheWeb],
      ] as const) {
        const it = twoNeeded(people);
        const thread = await it.start();
        await decide(it, thread, one);
        await decide(it, thread, other);
        await it.runtime.settled(thread.id);
        expect(it.ran).toHaveLength(1);
      }
    });

    it("who may not approve their own request may not do so elsewhere", { tags: "F7.8" }, async () => {
      for (const people of [{}, { ada: ["*:ada", "slack:U012AB3CD"] }]) {
        const it = bench([pay, done], { payApproval: { requesterMayApprove: false }, people });
        const thread = await it.start();
        await expect(decide(it, thread, adaOnTheWeb)).rejects.toMatchObject({ code: "forbidden" });
        await expect(decide(it, thread, adaInSlack)).rejects.toMatchObject({ code: "forbidden" });
        expect(it.ran).toEqual([]);
      }
    });

    it("whoever may decide may deny, known or not", { tags: "F7.8" }, async () => {
      const it = twoNeeded({});
      const thread = await it.start();
      await decide(it, thread, ada);
      await decide(it, thread, adaInSlack, { kind: "denied", feedback: "no" });
      expect((await it.runtime.settled(thread.id)).state.status.kind).toBe("finished");
      expect(it.ran).toEqual([]);
    });
  });

  it("two of three: one denial is enough", { tags: "F7.8" }, async () => {
    const it = by({ needed: 2 });
    const thread = await it.start();
    await decide(it, thread, bob);
    await decide(it, thread, eve, { kind: "denied", feedback: "no" });
    expect((await it.runtime.settled(thread.id)).state.status.kind).toBe("finished");
    expect(it.ran).toEqual([]);
  });

  it("the requester may not approve, whoever writes in between", { tags: "F7.8" }, async () => {
    const it = by({ requesterMayApprove: false });
    const first = await it.start();
    await expect(decide(it, first, ada)).rejects.toThrow("requested this");
    await it.runtime.message(first.id, "let me help", eve);
    const thread = await it.runtime.settled(first.id);
    // Neither who launched it nor who wrote last.
    await expect(decide(it, thread, ada)).rejects.toMatchObject({ code: "forbidden" });
    await expect(decide(it, thread, eve)).rejects.toMatchObject({ code: "forbidden" });
    await decide(it, thread, bob);
    await it.runtime.settled(thread.id);
    expect(it.ran).toHaveLength(1);
  });

  it("after a while somebody else may decide as well, and is told", { tags: "F7.8" }, async () => {
    const told: string[] = [];
    const clock = fakeClock();
    const policy: ApprovalPolicy = {
      approvers: ["web:bob"],
      escalation: [
        { after: 600, to: ["mail:eve"] },
        { after: 1200, to: ["terminal:*"] },
      ],
    };
    const channel = {
      name: "mail",
      deliver: async (notice: Notice) => {
        const request = notice.kind === "request" ? notice.request : null;
        if (request?.type === "approval") told.push([...request.escalatedTo].join(" "));
      },
    };
    const it = bench([pay, done], { clock, payApproval: policy, channels: [channel] });
    const thread = await it.start();
    await expect(decide(it, thread, eve)).rejects.toMatchObject({ code: "forbidden" });
    it.runtime.start();
    await clock.advance(600_000);
    const escalated = await settledEvents(it.runtime, thread, "request_escalated", 1);
    expect(approvalOf(escalated).escalatedTo).toEqual(["mail:eve"]);
    await settledEvents(it.runtime, thread, "notified", 2);
    expect(told).toEqual(["", "mail:eve"]);
    await expect(decide(it, thread, ada)).rejects.toMatchObject({ code: "forbidden" });
    await clock.advance(600_000);
    await settledEvents(it.runtime, thread, "request_escalated", 2);
    await decide(it, thread, ada);
    await it.runtime.settled(thread.id);
    expect(it.ran).toHaveLength(1);
  });
});

async function settledEvents(
  runtime: ReturnType<typeof bench>["runtime"],
  { id }: Thread,
  type: "request_escalated" | "notified",
  count: number,
): Promise<Thread> {
  for (let look = 0; look < 1_000; look++) {
    const thread = await runtime.get(id);
    if (eventsOf(thread, type).length >= count) return thread;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`fewer than ${count} ${type}: ${typesOf(await runtime.get(id)).join(" ")}`);
}

describe("editing arguments", () => {
  it("the edited step runs, and the model is told proposed, edited by whom, executed", {
    tags: "F7.9",
  }, async () => {
    const { start, answer, ran, prompts } = bench([pay, done]);
    const edited = { ...pay, amount: 20 };
    const thread = await answer(await start(), { kind: "approved", editedStep: edited }, bob);
    expect(ran).toEqual([`${thread.id}:call_3 20 carol`]);
    const prompt = prompts[1] ?? "";
    expect(prompt).toMatch(/<pay>\s+amount: 50/);
    expect(prompt.slice(prompt.indexOf("</pay>"))).toMatch(/Bob[\s\S]*amount: 20/);
    expect(prompt.slice(prompt.indexOf("amount: 20"))).toContain("<pay_result>");
  });

  it("an edit that changes which policy holds is asked about anew", { tags: "F7.9" }, async () => {
    const { start, answer, ran } = bench([pay, done]);
    const thread = await answer(
      await start(),
      { kind: "approved", editedStep: { ...pay, amount: 500 } },
      bob,
    );
    expect(ran).toEqual([]);
    expect(approvalOf(thread)).toMatchObject({ policy: { needed: 2 }, card: { arguments: { amount: 500 } } });
  });

  it("where several must agree, an edit is put to all of them", { tags: "F7.9" }, async () => {
    const { start, answer, ran } = bench([{ ...pay, amount: 500 }, done]);
    const edited = await answer(
      await start(),
      { kind: "approved", editedStep: { ...pay, amount: 400 } },
      bob,
    );
    expect(approvalOf(edited).card.arguments).toEqual({ amount: 400, to: "carol" });
    expect(approvalOf(edited).approvedBy).toEqual([]);
    await answer(await answer(edited, approved, bob), approved, eve);
    expect(ran).toEqual([expect.stringContaining(" 400 carol")]);
  });

  it("an edit is held to the rules of the step: what they refuse does not run, and the model is told", {
    tags: "F7.9",
  }, async () => {
    const nextStep = scriptedSteps<Extract<FullStep, { intent: "pay" | "done" }>>([
      pay,
      { intent: "done", message: "not paid" },
    ]);
    const paid: number[] = [];
    const agent = defineAgent(nextStep, {
      name: "payer",
      steps: {
        pay: tool(({ amount }) => paid.push(amount), {
          approval: "always",
          check: ({ amount }) => (amount > 90 ? "at most 90" : undefined),
        }),
        done: finish(({ message }) => message),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "payer", input: { message: "pay", from: ada } });
    const { seq, digest } = approvalOf(await runtime.settled(threadId));
    const decision: HumanDecision = { kind: "approved", editedStep: { ...pay, amount: 99 } };
    await runtime.respond(requestIdOf(threadId, seq), { decision, digest }, bob);
    const thread = await runtime.settled(threadId);
    expect(paid).toEqual([]);
    expect(eventsOf(thread, "step_refused")[0]?.data).toMatchObject({
      reason: "invalid_arguments",
      message: "at most 90",
    });
    expect(nextStep.prompts[1]).toContain("at most 90");
  });
});
