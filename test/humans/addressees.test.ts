import { describe, expect, it } from "vitest";
import { type AgentOptions, defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { lookAlikes } from "../../src/humans/look-alikes.ts";
import { principalKey, verifiedBy } from "../../src/humans/principal.ts";
import { mayDecide, pendingRequest } from "../../src/humans/request.ts";
import { decidersOf, requestView } from "../../src/inbox/views/request-view.ts";
import { howToAnswer } from "../../src/present/how-to-answer.ts";
import { requestView as apiView } from "../../src/server/views.ts";
import type { AskHumanOptions, HumanQuestion } from "../../src/steps/definitions.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { fakeChannel } from "../../src/testing/fake-channel.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, bob, eve, eventsOf, questionOf, testRuntime } from "../runtime/harness.ts";

type Ask = { intent: "ask"; question: string };
type Step = Ask | { intent: "done" };
const ask: Step = { intent: "ask", question: "Refund 40?" };

async function asking(
  options: AskHumanOptions<Ask>,
  question: (step: Ask) => string | HumanQuestion = (step) => step.question,
) {
  const steps = { ask: askHuman(question, options), done: finish((_: { intent: "done" }) => "end") };
  const agent = defineAgent(scriptedSteps<Step>([ask, { intent: "done" }]), { name: "asker", steps });
  const channel = fakeChannel();
  const runtime = testRuntime({ agents: [agent], channels: [channel] });
  const { threadId } = await runtime.launch({ agent: "asker", input: { message: "go", from: ada } });
  const thread = await runtime.settled(threadId);
  const answer = (by: typeof ada, text = "yes") => {
    const { seq } = questionOf(thread);
    return runtime.respond(requestIdOf(threadId, seq), { decision: { kind: "answered", text } }, by);
  };
  return { thread, answer, runtime, channel };
}

describe("a question that is put to certain people", { tags: "F7.14" }, () => {
  it.each<[string, AskHumanOptions<Ask>]>([
    ["as data", { to: ["web:bob", "mail:lead"] }],
    [
      "as a function of the step and the thread",
      { to: ({ question }) => (question === "" ? [] : ["web:bob", "mail:lead"]) },
    ],
  ])("%s: only they may answer it", async (_, options) => {
    const { thread, answer, runtime } = await asking(options);
    for (const other of [ada, eve, verifiedBy("slack", "bob")]) {
      await expect(answer(other)).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringMatching(/^(Ada|Eve|slack:bob|Bob) may not answer this; Bob, mail:lead may$/),
      });
    }
    expect(eventsOf(await runtime.get(thread.id), "human_responded")).toEqual([]);
    await answer(bob);
    expect((await runtime.settled(thread.id)).state.status.kind).toBe("finished");
  });

  it("to the requester, as the thread knows them", async () => {
    const { answer } = await asking({
      to: (_step, { thread }) => thread.state.requesters.known.map(principalKey),
    });
    await expect(answer(bob)).rejects.toMatchObject({ code: "forbidden" });
    await answer(ada);
  });

  it("to nobody who is named like a pattern", () => {
    expect(() => verifiedBy("webhook:shop", "*")).toThrow('the identity "webhook:shop:*" is a pattern');
    expect(() => verifiedBy("*", "ada")).toThrow("is a pattern");
    // The key would name somebody of another channel, too.
    expect(() => verifiedBy("web:x", "ada")).toThrow("a channel has no colon");
    expect(() => verifiedBy("webhook", "shop:ada")).toThrow("a channel has no colon");
    expect(verifiedBy("webhook:shop", "x:ada").id).toBe("x:ada");
    expect(verifiedBy("chat", "team:ada").id).toBe("team:ada");
  });

  it("holds nothing but what a question has, whatever its handler hands on of the step", async () => {
    const written = { question: "Which?", kind: "unknown_outcome", callId: "call_1", intent: "ask" };
    const { thread } = await asking({}, () => written);
    expect(questionOf(thread)).toMatchObject({ kind: "question", question: "Which?", callId: "call_3" });
  });

  it("is shown with their names in the API, the inbox, on the command line and to channels", async () => {
    const { thread, channel } = await asking({ to: ["web:bob"] });
    const request = pendingRequest(thread);
    const page = requestView(thread, undefined);
    if (request === null || page === null) throw new Error("nothing is asked");
    expect([mayDecide(request, bob), mayDecide(request, eve)]).toEqual([true, false]);
    expect(apiView(request, eve, {})).toMatchObject({ to: ["web:bob"], mayDecide: false });
    expect(apiView(request, bob, {})).toMatchObject({ to: ["web:bob"], mayDecide: true });
    expect(decidersOf(page, eve, {})).toMatchObject({
      allowed: ["web:bob"],
      mayNot: "You may not answer this. It waits for web:bob.",
      mayDeny: false,
    });
    expect(howToAnswer(thread, questionOf(thread))).toContain("may answer: web:bob");
    expect(channel.notices[0]).toMatchObject({ request: { to: ["web:bob"] } });
  });

  it("in a fork, too: who was told of the original's question is told of the copy's", {
    tags: "F7.10",
  }, async () => {
    const { thread, runtime, channel } = await asking({ to: ["web:bob"] });
    const fork = await runtime.fork(thread.id, thread.state.seq, ada);
    await runtime.resume(fork.id, ada);
    await runtime.settled(fork.id);
    expect(channel.notices.map(({ threadId }) => threadId)).toEqual([thread.id, fork.id]);
  });

  it.each<[string, AskHumanOptions<Ask>, RegExp]>([
    ["nobody", { to: () => [] }, /put to nobody who could answer it/],
    ["somebody who cannot be matched", { to: () => ["bob"] }, /"bob" names nobody/],
    ["nothing", { to: () => undefined as unknown as string[] }, /put to nobody/],
    [
      "who is not known, because it fails",
      {
        to: () => {
          throw new Error("the directory is down");
        },
      },
      /the directory is down/,
    ],
  ])("a function that names %s: nobody is asked, and the model is told", async (_, options, says) => {
    const { thread } = await asking(options);
    expect(eventsOf(thread, "human_asked")).toEqual([]);
    expect(eventsOf(thread, "step_refused")[0]?.data).toMatchObject({
      reason: "invalid_arguments",
      message: expect.stringMatching(says),
    });
  });

  it("the question's own `to` holds among those whom the step declares; one that says nothing is refused", async () => {
    const question = (to: unknown) => () => ({ question: "?", to }) as HumanQuestion;
    const own = await asking({ to: ["web:*", "mail:eve"] }, question(["mail:eve"]));
    await expect(own.answer(bob)).rejects.toMatchObject({ code: "forbidden" });
    await own.answer(eve);
    for (const wider of [["mail:eve", "web:bob"], ["*:*"], ["web:*"], ["*:bob"]]) {
      const { thread } = await asking({ to: ["mail:eve"] }, question(wider));
      expect(eventsOf(thread, "step_refused")[0]?.data.message).toContain("this step may only ask mail:eve");
    }
    const nobody = await asking({ to: () => [] }, question(["web:bob"]));
    expect(eventsOf(nobody.thread, "step_refused")[0]?.data.message).toContain("put to nobody");
    const empty = await asking({}, question(undefined));
    expect(eventsOf(empty.thread, "step_refused")).toHaveLength(1);
  });

  it("as data it is checked when the agent is defined", () => {
    for (const to of [[], ["bob"], "web:bob"] as unknown as string[][]) {
      const options = {
        name: "asker",
        steps: { ask: askHuman(() => "?", { to }), done: finish(() => "end") },
      };
      expect(() => defineAgent(scriptedSteps<Step>([]), options as AgentOptions<[string], Step>)).toThrow(
        /to/,
      );
    }
  });
});

describe("one person under two spellings", { tags: "F7.8" }, () => {
  it.each([
    [["email:Ada@example.com", "email:ada@example.com"]],
    [["webhook:Shop:Ada", "webhook:Shop:ada"]],
    [["web:zoe\u0301", "web:zo\u00E9"]],
  ])("does not make up two approvers: %s", (approvers) => {
    type Pay = { intent: "pay" } | { intent: "done" };
    const define = (needed: number) =>
      defineAgent(scriptedSteps<Pay>([]), {
        name: "payer",
        steps: { pay: tool(() => 1, { approval: { approvers, needed } }), done: finish(() => "end") },
      });
    expect(() => define(2)).toThrow("2 approvals are needed, and only 1 may approve");
    define(1);
  });

  it.each([
    ["web:admin", "web:adm\u0131n"],
    ["web:george", "web:\u0261eorge"],
    ["web:ann-lee", "web:ann\u2010lee"],
    ["web:david", "web:\u13A0\u13AA\u13D9\u13A5\u13A0"],
    ["web:so", "web:\uA4E2\uA4F3"],
    ["web:hugo", "web:\u0570\u057D\u0581\u0585"],
  ])("%s and %s look alike", (one, other) => {
    expect(lookAlikes([one, other, "web:bob"])).toEqual([one, other]);
  });
});
