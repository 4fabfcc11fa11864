import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Channel, ClosedNotice, Notice } from "../../src/humans/channel.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type FakeClock, fakeClock } from "../../src/testing/fake-clock.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import { serve } from "./serve.ts";

type PayStep =
  | { intent: "pay"; amount: number; to: string }
  | {
      intent: "request_human_input";
      question: string;
      context: string;
      options: {
        urgency: "low" | "medium" | "high";
        format: "free_text" | "yes_no" | "multiple_choice";
        choices: string[];
      };
    }
  | { intent: "done"; message: string };

function payAgent(
  script: readonly ScriptedAnswer<PayStep>[],
  {
    policy = {},
    version = "1",
    paid = [],
  }: { policy?: ApprovalPolicy; version?: string; paid?: unknown[] } = {},
) {
  const nextStep = scriptedSteps<PayStep>(script);
  const agent = defineAgent(nextStep, {
    name: "example",
    steps: {
      pay: tool(
        ({ amount, to }) => {
          paid.push({ amount, to });
          return `paid ${amount}`;
        },
        { approval: policy, version, preview: ({ amount }) => ({ balance: 100 - amount }) },
      ),
      request_human_input: askHuman(({ question, context, options }) => ({ question, context, options })),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep, paid };
}

const PAY = { intent: "pay", amount: 40, to: "bob" } as const;
const DONE = { intent: "done", message: "done" } as const;

function start(
  script: readonly ScriptedAnswer<PayStep>[],
  options: Parameters<typeof payAgent>[1] = {},
  more: Parameters<typeof serve>[0] = {},
) {
  const made = payAgent(script, options);
  const served = serve({ agents: [made.agent], ...more });
  const pending = async (as?: string) => {
    const { body } = await served.call("/requests", as === undefined ? {} : { as });
    return body.requests[0];
  };
  const respond = async (decision: unknown, as?: string, digest?: string) => {
    const request = await pending();
    return served.call(`/requests/${request.requestId}/response`, {
      body: { decision, digest: digest ?? request.approval?.digest },
      ...(as === undefined ? {} : { as }),
    });
  };
  return { ...served, ...made, pending, respond };
}

describe("approvals over HTTP", () => {
  it("a question with choices takes one of them, and says who answered", {
    tags: ["F7.2", "F7.4"],
  }, async () => {
    const options = { urgency: "high", format: "multiple_choice", choices: ["red", "blue"] } as const;
    const { launch, pending, respond, runtime, call } = start([
      {
        intent: "request_human_input",
        question: "Which?",
        context: "paint",
        options: { ...options, choices: [...options.choices] },
      },
      DONE,
    ]);
    const { threadId } = await launch();
    expect((await pending()).question).toEqual({
      kind: "question",
      question: "Which?",
      context: "paint",
      options,
    });
    expect((await call("/requests?urgency=low")).body.requests).toEqual([]);
    const wrong = await respond({ kind: "answered", text: "green" });
    expect([wrong.status, wrong.body.detail]).toEqual([422, "answer with one of: red, blue"]);
    expect((await respond({ kind: "answered", text: "Blue" })).status).toBe(202);
    const { events } = await runtime.settled(threadId);
    const answer = events.find(({ type }) => type === "human_responded");
    expect(answer?.data).toMatchObject({
      decision: { kind: "answered", text: "blue" },
      by: { channel: "web", id: "ada" },
    });
    expect(answer?.at).toMatch(/^\d{4}-/);
  });

  it("a denial's feedback reaches the model, which proposes again", { tags: "F7.5" }, async () => {
    const { launch, respond, runtime, nextStep, paid } = start([PAY, { ...PAY, amount: 4 }, DONE]);
    const { threadId } = await launch();
    await respond({ kind: "denied", feedback: "that is ten times too much" });
    await runtime.settled(threadId);
    expect(nextStep.prompts[1]).toContain("ten times too much");
    expect(paid).toEqual([]);
    await respond({ kind: "approved" });
    await runtime.settled(threadId);
    expect(paid).toEqual([{ amount: 4, to: "bob" }]);
  });

  it("a decision is good for the call and card that were shown, once", {
    tags: ["F7.6", "F7.7"],
  }, async () => {
    const { launch, pending, respond, runtime, paid, call } = start([PAY, { ...PAY, to: "eve" }, DONE]);
    const { threadId } = await launch();
    const first = await pending();
    expect(first.approval.card.preview).toEqual({ balance: 60 });
    await respond({ kind: "denied", feedback: "no" });
    await runtime.settled(threadId);
    const second = await pending();
    expect(second.requestId).not.toBe(first.requestId);
    const old = await call(`/requests/${first.requestId}/response`, {
      body: { decision: { kind: "approved" }, digest: first.approval.digest },
    });
    expect(old.status).toBe(409);
    expect((await respond({ kind: "approved" }, undefined, first.approval.digest)).status).toBe(409);
    expect(paid).toEqual([]);
    const approve = { body: { decision: { kind: "approved" }, digest: second.approval.digest } };
    const both = await Promise.all([1, 2].map(() => call(`/requests/${second.requestId}/response`, approve)));
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    await runtime.settled(threadId);
    expect(paid).toEqual([{ amount: 40, to: "eve" }]);
  });

  it("an approval lapses when the tool has changed since; people are asked again", {
    tags: "F7.7",
  }, async () => {
    const store = createMemoryStore();
    const before = start([PAY], { version: "1" }, { store });
    const { threadId } = await before.launch();
    const { requestId, approval } = await before.pending();
    await before.runtime.stop();
    const after = start([DONE], { version: "2" }, { store });
    const body = { decision: { kind: "approved" }, digest: approval.digest };
    expect((await after.call(`/requests/${requestId}/response`, { body })).status).toBe(202);
    const thread = await after.runtime.settled(threadId);
    expect(thread.state.status.kind).toBe("awaiting_approval");
    expect(after.paid).toEqual([]);
    const again = await after.pending();
    expect(again.approval.card.reasons).toContainEqual({ kind: "changed" });
    expect(again.approval.digest).not.toBe(approval.digest);
  });

  it("an approval expires, and expiry denies", { tags: ["F7.7", "F7.8"] }, async () => {
    const clock = fakeClock();
    const { launch, pending, respond, runtime, paid } = start(
      [PAY, DONE],
      { policy: { expiresAfter: 60 } },
      { runtime: { clock }, server: { clock } },
    );
    await launch();
    expect((await pending()).approval.expiresAt).toBe("2026-01-01T00:01:00.000Z");
    await clock.advance(61_000);
    const late = await respond({ kind: "approved" });
    expect([late.status, late.body.code]).toEqual([410, "expired"]);
    const [summary] = (await runtime.list()).threads;
    if (summary === undefined) throw new Error("not listed");
    runtime.start();
    await expect.poll(async () => (await runtime.get(summary.threadId)).state.status.kind).toBe("finished");
    expect(paid).toEqual([]);
  });

  it("only those whom policy names may approve, and not who requested it", { tags: "F7.8" }, async () => {
    const policy = { approvers: ["web:bob", "web:ada"], requesterMayApprove: false };
    const { launch, pending, respond, keys, runtime, paid } = start([PAY, DONE], { policy });
    const { threadId } = await launch();
    expect((await pending()).approval.mayDecide).toBe(false);
    expect((await pending(keys.bob)).approval.mayDecide).toBe(true);
    const requester = await respond({ kind: "approved" });
    expect([requester.status, requester.body.detail]).toEqual([
      403,
      expect.stringContaining("requested this"),
    ]);
    const admin = await respond({ kind: "approved" }, keys.root);
    expect([admin.status, admin.body.detail]).toEqual([403, expect.stringContaining("web:bob, web:ada may")]);
    expect((await respond({ kind: "approved" }, keys.bob)).status).toBe(202);
    await runtime.settled(threadId);
    expect(paid).toHaveLength(1);
  });

  it("whoever launched a thread with an event, or sent it one, may not approve it", {
    tags: "F7.8",
  }, async () => {
    const policy = { requesterMayApprove: false };
    const { call, respond, keys, runtime, paid } = start([PAY, DONE], { policy });
    const body = { agent: "example", event: { name: "order", payload: { total: 40 } } };
    const { threadId } = (await call("/threads", { body })).body;
    await runtime.settled(threadId);
    expect((await respond({ kind: "approved" })).status).toBe(403);
    const sent = await call(`/threads/${threadId}/events`, { body: { name: "hurry" }, as: keys.bob });
    expect(sent.status).toBe(202);
    const both = await respond({ kind: "approved" }, keys.bob);
    expect([both.status, paid]).toEqual([403, []]);
    expect((await respond({ kind: "approved" }, keys.root)).status).toBe(202);
    await runtime.settled(threadId);
    expect(paid).toHaveLength(1);
  });

  it("after a while without a decision the next in the chain is told and may decide", {
    tags: "F7.8",
  }, async () => {
    const clock = fakeClock();
    const told: string[] = [];
    const channel: Channel = {
      name: "chat",
      deliver: async (notice) => {
        const request = notice.kind === "request" ? notice.request : undefined;
        told.push(request?.type === "approval" ? request.escalatedTo.join() : "");
      },
    };
    const policy = { approvers: ["web:ada"], escalation: [{ after: 60, to: ["web:bob"] }] };
    const { respond, keys, runtime, paid, threadId } = await escalating(policy, channel, clock);
    expect((await respond({ kind: "approved" }, keys.bob)).status).toBe(403);
    runtime.start();
    await clock.advance(61_000);
    await expect.poll(() => told).toEqual(["", "web:bob"]);
    expect((await respond({ kind: "approved" }, keys.bob)).status).toBe(202);
    await runtime.settled(threadId);
    expect(paid).toHaveLength(1);
  });

  async function escalating(policy: ApprovalPolicy, channel: Channel, clock: FakeClock) {
    const options = { runtime: { clock, channels: [channel] }, server: { clock } };
    const served = start([PAY, DONE], { policy }, options);
    const { threadId } = await served.launch();
    return { ...served, threadId };
  }

  it("two of several must approve, and they are different people", { tags: "F7.8" }, async () => {
    const { launch, respond, keys, runtime, paid, pending } = start([PAY, DONE], { policy: { needed: 2 } });
    const { threadId } = await launch();
    expect((await respond({ kind: "approved" })).body.status).toBe("awaiting_approval");
    expect((await pending()).approval.approvedBy).toEqual([{ channel: "web", id: "ada" }]);
    expect((await respond({ kind: "approved" })).status).toBe(403);
    expect(paid).toEqual([]);
    expect((await respond({ kind: "approved" }, keys.bob)).status).toBe(202);
    await runtime.settled(threadId);
    expect(paid).toHaveLength(1);
  });

  it("an edit is checked against the type, runs instead, and the model is told", {
    tags: "F7.9",
  }, async () => {
    const { launch, respond, runtime, nextStep, paid } = start([PAY, DONE]);
    const { threadId } = await launch();
    const intent = await respond({ kind: "approved", editedStep: { intent: "done", message: "hi" } });
    expect([intent.status, intent.body.detail]).toEqual([
      422,
      expect.stringContaining("keeps the intent pay"),
    ]);
    const none = await respond({ kind: "approved", editedStep: { amount: 1 } });
    expect([none.status, none.body.detail]).toEqual([422, expect.stringContaining("intent")]);
    const misspelt = { kind: "approved", edited_step: { intent: "pay", amount: 1, to: "bob" } };
    const unknown = await respond(JSON.parse(JSON.stringify(misspelt)));
    expect([unknown.status, unknown.body.detail]).toEqual([422, expect.stringContaining("edited_step")]);
    const edited = { intent: "pay", amount: 30, to: "bob" };
    expect((await respond({ kind: "approved", editedStep: edited })).status).toBe(202);
    await runtime.settled(threadId);
    expect(paid).toEqual([{ amount: 30, to: "bob" }]);
    expect(nextStep.prompts[1]).toContain("ada");
    expect(nextStep.prompts[1]).toContain("30");
  });

  it("an edit to a number that would be rounded is refused by name, and nothing runs", {
    tags: ["S9", "F7.9"],
  }, async () => {
    const { app, keys, launch, runtime, paid } = start([PAY, DONE]);
    const { threadId } = await launch();
    const thread = await runtime.get(threadId);
    const { request } = thread.state;
    if (request?.type !== "approval") throw new Error("no approval is pending");
    const body = `{"digest":"${request.digest}","decision":{"kind":"approved","editedStep":{"intent":"pay","amount":9007199254740993,"to":"bob"}}}`;
    const response = await app.request(`/requests/${threadId}.${request.seq}/response`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${keys.bob}` },
      body,
    });
    expect([response.status, await response.json()]).toMatchObject([
      422,
      { detail: expect.stringContaining("decision.editedStep.amount: 9007199254740993 is a number") },
    ]);
    expect((await runtime.get(threadId)).state.status.kind).toBe("awaiting_approval");
    expect(paid).toEqual([]);
  });

  it("a channel that fails loses nothing: the request is stored and telling is tried again", {
    tags: ["F7.3", "F11.7"],
  }, async () => {
    const clock = fakeClock();
    let tries = 0;
    const channel: Channel = {
      name: "chat",
      async deliver() {
        tries += 1;
        if (tries === 1) throw new Error("chat is down");
      },
    };
    const { launch, pending, runtime } = start(
      [PAY],
      {},
      { runtime: { clock, channels: [channel] }, server: { clock } },
    );
    const { threadId } = await launch();
    expect(await pending()).toMatchObject({ threadId });
    expect((await runtime.get(threadId)).state.request?.deliveries["chat"]).toMatchObject({
      ok: false,
      attempts: 1,
    });
    runtime.start();
    await clock.advance(6_000);
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return (await runtime.get(threadId)).state.request?.deliveries["chat"]?.ok;
      })
      .toBe(true);
    expect(tries).toBe(2);
  });

  it("several channels are told; the first valid answer wins and the others are updated", {
    tags: "F7.10",
  }, async () => {
    const told: string[] = [];
    const closed: [string, ClosedNotice][] = [];
    const chat = (name: string): Channel => ({
      name,
      deliver: async (notice: Notice) =>
        void told.push(`${name} ${notice.kind === "request" ? notice.requestId : notice.kind}`),
      update: async (notice) => void (notice.kind === "closed" && closed.push([name, notice])),
    });
    const failing: Channel = { ...chat("broken"), deliver: () => Promise.reject(new Error("down")) };
    const { launch, pending, runtime } = start(
      [PAY, DONE],
      {},
      {
        runtime: { channels: [chat("slack"), failing, chat("email")] },
      },
    );
    const { threadId } = await launch();
    const { requestId, approval } = await pending();
    expect(told).toEqual([`slack ${requestId}`, `email ${requestId}`]);
    const { request } = (await runtime.get(threadId)).state;
    if (request === null) throw new Error("no request");
    await runtime.respond(
      requestIdOf(threadId, request.seq),
      { decision: { kind: "approved" }, digest: approval.digest },
      verifiedBy("slack", "U1"),
    );
    await runtime.settled(threadId);
    // What has failed may have reached some people.
    expect(closed.map(([name]) => name)).toEqual(["slack", "broken", "email"]);
    expect(closed[2]?.[1]).toMatchObject({ requestId, by: { data: { by: { channel: "slack", id: "U1" } } } });
    expect(await pending()).toBeUndefined();
  });

  it("the channels hear of a request that was cancelled with its thread", { tags: "F7.10" }, async () => {
    const closed: string[] = [];
    const channel: Channel = {
      name: "slack",
      deliver: async () => {},
      update: async ({ by }) => void closed.push(by.type),
    };
    const { launch, call } = start([PAY], {}, { runtime: { channels: [channel] } });
    const { threadId } = await launch();
    await call(`/threads/${threadId}/cancel`, { body: {} });
    await expect.poll(() => closed).toEqual(["cancelled"]);
  });

  it("a thread can be paused between the choice of a tool and its start", { tags: "F6.7" }, async () => {
    const { launch, call, respond, runtime, paid } = start([PAY, DONE]);
    const { threadId } = await launch();
    await call(`/threads/${threadId}/pause`, { body: {} });
    expect((await respond({ kind: "approved" })).body.status).toBe("paused");
    await runtime.settled(threadId);
    expect(paid).toEqual([]);
    await call(`/threads/${threadId}/resume`, { body: {} });
    await runtime.settled(threadId);
    expect(paid).toHaveLength(1);
  });

  it("an event starts the thread and a person is contacted later", { tags: "F7.13" }, async () => {
    const { call, pending } = start([PAY]);
    const launched = await call("/threads", {
      body: { agent: "example", event: { name: "invoice_due", payload: { amount: 40 } } },
    });
    await expect.poll(async () => (await pending())?.threadId).toBe(launched.body.threadId);
  });
});
