import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { describeReason } from "../../src/humans/approval-reasons.ts";
import { mayDecide, pendingRequest } from "../../src/humans/request.ts";
import { requestView as inboxView } from "../../src/inbox/views/request-view.ts";
import { cardLines } from "../../src/present/card.ts";
import { requestView as apiView } from "../../src/server/views.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { ApprovalReason } from "../../src/thread/events.ts";
import { ada, bob, settled, testInbox } from "../inbox/inbox-server.ts";
import { type OfficeStep, officeAgent } from "../inbox/office-agent.ts";

const pay: OfficeStep = { intent: "pay", amount: 40, to: "ACME", memo: "invoice 7" };

async function asked(script: readonly ScriptedAnswer<OfficeStep>[], escalates = false) {
  const clock = fakeClock();
  const policy = escalates
    ? { escalation: [{ after: 60, to: ["web:bob"] }] }
    : { requesterMayApprove: false };
  const { agent } = officeAgent(script, { policy });
  const { app, runtime } = testInbox([agent], { clock });
  const { threadId } = await runtime.launch({ agent: "office", input: { message: "Pay it", from: ada } });
  if (escalates) {
    await settled(runtime, threadId);
    await clock.advance(61_000);
    await runtime.settled(threadId);
    runtime.start();
    await clock.advance(2_000);
    await expect
      .poll(async () => (await runtime.get(threadId)).events.at(-1)?.type)
      .toBe("request_escalated");
  }
  const thread = await settled(runtime, threadId);
  const request = pendingRequest(thread);
  if (request === null) throw new Error("nothing is asked");
  const page = await (await app.request(`/inbox/requests/${request.id}`)).text();
  const approval = thread.state.request;
  const lines = approval?.type === "approval" ? cardLines(approval, { colors: createColors(false) }) : [];
  await runtime.stop();
  return { runtime, thread, request, page, card: lines.join("\n") };
}

const DOUBTFUL = { grade: "doubtful", reasons: ["prose"] } as const;

describe("a request to a person, said once for all", { tags: ["F7.2", "F7.4"] }, () => {
  it("has the same id, kind, urgency, ways to answer and reasons in the API, the inbox and the runtime", async () => {
    const { thread, request, runtime } = await asked([{ step: pay, fidelity: DOUBTFUL, said: "Hm." }]);
    const api = apiView(request, bob, {});
    const inbox = inboxView(thread, undefined);
    expect(inbox).toMatchObject(request);
    expect(api).toMatchObject({
      requestId: request.id,
      kind: "approval",
      urgency: "medium",
      accepts: ["approved", "denied"],
      why: request.reasons.map((reason) => describeReason(reason).text),
    });
    expect(api.approval?.card.reasons).toEqual([{ kind: "policy" }, { kind: "doubtful", doubts: ["prose"] }]);
    expect(inbox?.labels.map(({ text }) => text)).toEqual(["Unclear answer"]);
    expect([api.approval?.mayDecide, mayDecide(request, bob), mayDecide(request, ada)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(runtime.agents.size).toBe(1);
  });

  it("is urgent everywhere once it was escalated", async () => {
    const { thread, request } = await asked([pay], true);
    expect([
      request.urgency,
      apiView(request, bob, {}).urgency,
      inboxView(thread, undefined)?.urgency,
    ]).toEqual(["high", "high", "high"]);
  });

  it.each<[ApprovalReason, RegExp]>([
    [{ kind: "untrusted", sources: ["mail"] }, /text from outside.*mail/],
    [
      { kind: "doubtful", doubts: ["prose", "of_a_later_release"] },
      /text beside the JSON; of_a_later_release/,
    ],
    [{ kind: "judge", reason: "much" }, /reviewer.*much/],
    [{ kind: "other", text: "in old words" }, /in old words/],
  ])("words the reason %j for people", (reason, words) => {
    expect(describeReason(reason).text).toMatch(words);
  });
});

describe("what the model wrote", { tags: "F4.10" }, () => {
  it("stands on the card of the inbox, the command line and the API, with hidden characters to be seen", async () => {
    const said = "I would rather not,\u202e but\u200b <b>you</b> decide.";
    const { page, card, request } = await asked([{ step: pay, fidelity: DOUBTFUL, said }]);
    expect(request.said).toBe(`${said}\n[JSON]`);
    expect(apiView(request, bob, {}).approval?.card.said).toEqual({
      text: `${said}\n[JSON]`,
      length: said.length + 7,
    });
    expect(page).toContain("The model wrote");
    expect(page).toContain("I would rather not,");
    expect(page).not.toMatch(/\u202e|\u200b|<b>you/);
    expect(card).toMatch(/The model wrote:\n\s+I would rather not,/);
    expect(card).not.toMatch(/\u202e|\u200b/);
  });

  it("is cut where it is long, and the card says how much more there is and where", async () => {
    const { page, card } = await asked([{ step: pay, fidelity: DOUBTFUL, said: "word ".repeat(1_000) }]);
    expect(page).toMatch(/3,\d{3} more characters/);
    expect(page).toMatch(/href="\/inbox\/threads\/thr_\w+\/steps\/3"/);
    expect(card).toMatch(/3\d{3} more characters: `twelvefold show --json` prints them all/);
  });

  it("is not there where the model wrote nothing but the step", async () => {
    const { page, card, request } = await asked([pay]);
    expect([request.said, request.card?.said]).toEqual([null, undefined]);
    expect(page + card).not.toContain("The model wrote");
  });
});
