import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { judge } from "../../src/cli/commands/judge.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import {
  askHuman,
  createMemoryStore,
  createRuntime,
  defineAgent,
  finish,
  requestIdOf,
  tool,
} from "../../src/index.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { scriptedSteps } from "../../src/testing/index.ts";
import { decisionTest } from "../../src/workbench/baml-tests/decision-test.ts";
import { collectCorrections } from "../../src/workbench/collect.ts";
import { decisionsIn, lastThreads } from "../../src/workbench/decisions.ts";
import { threadOfCase } from "../../src/workbench/evals/case-thread.ts";
import { checkAnswer } from "../../src/workbench/evals/check-answer.ts";
import type { Expectation } from "../../src/workbench/evals/dataset.ts";
import type { Judge } from "../../src/workbench/evals/judge.ts";
import { parseDataset } from "../../src/workbench/evals/read-dataset.ts";
import { testSession } from "./test-session.ts";

type Pay = {
  intent: "pay";
  to: string;
  amount: number;
  about: { key: string };
  reasoning?: string;
};
type S = Pay | { intent: "ask"; question: string } | { intent: "done"; message: string };
const ada = verifiedBy("web", "ada");
const pay = (amount: number, key = "k"): Pay => ({ intent: "pay", to: "bob", amount, about: { key } });
const done: S = { intent: "done", message: "ok" };

/** A thread in which Ada decides about payments. */
async function played(script: S[], decide: (seq: number, digest: string) => object) {
  const agent = defineAgent(scriptedSteps<S>(script), {
    name: "payer",
    steps: {
      pay: tool(() => "paid", { approval: "always", version: "1" }),
      ask: askHuman(({ question }) => question),
      done: finish(({ message }) => message),
    },
    context: { redact: { fields: ["key"] } },
  });
  const store = createMemoryStore();
  const runtime = createRuntime({ agents: [agent], store });
  const { threadId } = await runtime.launch({
    agent: "payer",
    input: { message: "pay bob sk-proj-abcdefghijklmnopqrstuvwxyz0123456789", from: ada },
  });
  const { state } = await runtime.settled(threadId);
  const { request } = state;
  if (request?.type !== "approval") throw new Error(`it waits for ${request?.type}`);
  await runtime.respond(
    requestIdOf(threadId, request.seq),
    decide(request.seq, request.digest) as never,
    ada,
  );
  await runtime.settled(threadId);
  const events = await store.read(threadId);
  await runtime.stop();
  return { agent, store, thread: { id: threadId, agent: "payer", events } };
}

describe("F2.19 corrections become cases", { tags: "F2.19" }, () => {
  it("a denial with feedback: not that step again; the thread is the one that the model was asked about", async () => {
    const { agent, thread } = await played([pay(400, "hunter2hunter2"), done], (_, digest) => ({
      decision: { kind: "denied", feedback: "that is 40" },
      digest,
    }));
    const [collected, ...others] = collectCorrections(thread, agent);
    expect(others).toEqual([]);
    expect(collected).toMatchObject({
      name: `${thread.id} event 3`,
      agent: "payer",
      review: true,
      note: "denied: that is 40 (not compared, since it is redacted: about.key)",
      expect: { not: { intent: "pay", fields: { to: "bob", amount: 400 } } },
    });
    expect(collected?.events).toHaveLength(2);
    // It reads as a dataset, and the model would be asked there.
    const { cases } = parseDataset(JSON.stringify(collected), { file: "evals/collected.jsonl" });
    const [one] = cases;
    expect(one?.review).toBe(true);
    if (one === undefined) throw new Error("no case");
    expect(threadOfCase(one, agent, ".").events).toHaveLength(2);
    // Secrets that the agent redacts are not in it.
    expect(JSON.stringify(thread)).toContain("hunter2hunter2");
    expect(JSON.stringify(collected)).not.toContain("hunter2hunter2");
    expect(JSON.stringify(collected)).not.toContain("sk-proj-abcdefghijklmnopqrstuvwxyz0123456789");
  });

  it("what was secret on the card of an earlier step is not in the cases that come after it", async () => {
    const { agent, store, thread } = await played(
      [pay(400, "hunter2"), pay(300, "hunter3"), done],
      (_, digest) => ({ decision: { kind: "denied", feedback: "less" }, digest }),
    );
    const runtime = createRuntime({ agents: [agent], store });
    const { state } = await runtime.settled(thread.id);
    const { request } = state;
    if (request?.type !== "approval") throw new Error(`it waits for ${request?.type}`);
    const decision = { kind: "denied", feedback: "much less" } as const;
    await runtime.respond(requestIdOf(thread.id, request.seq), { decision, digest: request.digest }, ada);
    const { events } = await runtime.settled(thread.id);
    await runtime.stop();
    const collected = collectCorrections({ ...thread, events }, agent);
    const left = "(not compared, since it is redacted: about.key)";
    expect(collected.map(({ note }) => note)).toEqual([`denied: less ${left}`, `denied: much less ${left}`]);
    expect(collected[1]?.events.some((one) => JSON.stringify(one).includes("approval_requested"))).toBe(true);
    for (const secret of ["hunter2", "hunter3"]) expect(JSON.stringify(collected)).not.toContain(secret);
    const [, second] = collected;
    const [one] = parseDataset(JSON.stringify(second), { file: "evals/collected.jsonl" }).cases;
    if (one === undefined) throw new Error("no case");
    expect(threadOfCase(one, agent, ".").events).toHaveLength(second?.events.length ?? 0);
  });

  it("a denial without a word, and an approval, are no corrections", async () => {
    const approved = await played([pay(40), done], (_, digest) => ({
      decision: { kind: "approved" },
      digest,
    }));
    expect(collectCorrections(approved.thread, approved.agent)).toEqual([]);
    expect(decisionsIn(approved.thread)).toHaveLength(2);
    const events = [];
    for await (const { id } of lastThreads(approved.store, { last: 5 })) events.push(id);
    expect(events).toEqual([approved.thread.id]);
    const none = [];
    for await (const { id } of lastThreads(approved.store, { last: 5, agent: "other" })) none.push(id);
    expect(none).toEqual([]);
  });

  it("what was erased is no decision any more, nor is what came after it", async () => {
    const { thread, agent, store } = await played([pay(40), done], (_, digest) => ({
      decision: { kind: "approved" },
      digest,
    }));
    const last = thread.events.findLast(({ type }) => type === "step_proposed")?.seq ?? 0;
    const runtime = createRuntime({ agents: [agent], store });
    const erase = async (seqs: readonly number[]) => {
      const { events } = await runtime.erase(thread.id, ada, { reason: "asked for", seqs });
      return { ...thread, events };
    };
    const partly = await erase([last - 1]);
    expect(decisionsIn(partly)).toHaveLength(1);
    expect(() => decisionTest(partly, agent)).toThrow(`event ${last - 1} of thread ${thread.id} was erased`);
    expect(decisionsIn(await erase([2]))).toEqual([]);
    await runtime.stop();
  });

  it("an edit: what the person changed, but for what an answer could never equal", async () => {
    const { agent, thread } = await played([pay(400), done], (_, digest) => ({
      decision: { kind: "approved" },
      digest,
    }));
    const edited = thread.events.map((event) =>
      event.type === "human_responded"
        ? {
            ...event,
            data: {
              ...event.data,
              decision: {
                kind: "approved" as const,
                editedStep: { ...pay(40), about: { key: "x", more: 1 } },
              },
            },
          }
        : event,
    );
    const [collected] = collectCorrections({ ...thread, events: edited }, agent);
    expect(collected?.expect).toEqual({
      intent: "pay",
      fields: { amount: 40, "about.more": 1 },
    });
    expect(collected?.note).toMatch(/^edited: .* \(not compared, since it is redacted: about\.key\)$/);
    const context: Agent["context"] = {
      ...agent.context,
      hide: (text) => text,
      forPeople: (events) => ({ events, json: (value) => value, secretFor: () => undefined }),
    };
    const plain = { ...agent, context };
    expect(collectCorrections({ ...thread, events: edited }, plain)[0]?.expect).toEqual({
      intent: "pay",
      fields: { amount: 40, about: { equals: { key: "x", more: 1 } } },
    });
  });

  it("a step that is dropped after a person wrote something: not that step", async () => {
    const { agent, thread } = await played([pay(400), done], (_, digest) => ({
      decision: { kind: "approved" },
      digest,
    }));
    const upTo = thread.events.slice(0, 3);
    const at = "2026-11-26T00:00:00.000Z";
    const from = { channel: "web", id: "ada" };
    const proposed = upTo.find(({ type }) => type === "step_proposed");
    if (proposed?.type !== "step_proposed") throw new Error("no step");
    const { callId, step } = proposed.data;
    const events = [
      ...upTo,
      { seq: 4, at, type: "message_received" as const, v: 1, data: { text: "no, ask Carl", from } },
      {
        seq: 5,
        at,
        type: "steps_dropped" as const,
        v: 1,
        data: { steps: [step], reason: "a message came", callIds: [callId] },
      },
    ];
    expect(collectCorrections({ ...thread, events }, agent)).toEqual([
      expect.objectContaining({
        note: expect.stringMatching(/^replaced after: no, ask Carl/),
        expect: { not: expect.objectContaining({ intent: "pay" }) },
      }),
    ]);
  });

  it("whoever proposes a denied step again fails the case, whatever the reasons, the secrets and the length of its texts", async () => {
    const to = `bob, ${"and somebody else ".repeat(200)}`;
    const step = { ...pay(400, "hunter2hunter2"), to, reasoning: "first words" };
    const { agent, thread } = await played([step, done], (_, digest) => ({
      decision: { kind: "denied", feedback: "not them" },
      digest,
    }));
    const expected = collectCorrections(thread, agent)[0]?.expect ?? {};
    const failures = async (answer: object) => {
      const read = agent.nextStep.parse(JSON.stringify(answer), thread);
      return (await checkAnswer(read, expected, async () => ({ pass: true }))).failures;
    };
    expect(await failures({ ...step, reasoning: "other words" })).toHaveLength(1);
    expect(await failures({ ...step, to: `${to}!` })).toEqual([]);
  });

  it("each step of an answer that holds several is looked at", async () => {
    const agent = defineAgent(scriptedSteps<S>([{ steps: [pay(1), pay(2), pay(3)] }, done]), {
      name: "payer",
      severalSteps: "in_order",
      steps: {
        pay: tool(() => "paid", { approval: "always", version: "1" }),
        ask: askHuman(({ question }) => question),
        done: finish(({ message }) => message),
      },
    });
    const store = createMemoryStore();
    const runtime = createRuntime({ agents: [agent], store });
    const { threadId } = await runtime.launch({ agent: "payer", input: { message: "pay", from: ada } });
    const decisions = [
      { kind: "approved" as const },
      { kind: "approved" as const, editedStep: pay(20) },
      { kind: "denied" as const, feedback: "enough" },
    ];
    for (const decision of decisions) {
      const { state } = await runtime.settled(threadId);
      const { request } = state;
      if (request?.type !== "approval") throw new Error(`it waits for ${request?.type}`);
      const response = { decision, digest: request.digest };
      await runtime.respond(requestIdOf(threadId, request.seq), response, ada);
    }
    await runtime.settled(threadId);
    await runtime.stop();
    const events = await store.read(threadId);
    const thread = { id: threadId, agent: "payer", events };
    expect(decisionsIn(thread)[0]?.steps.map(({ step }) => step["amount"])).toEqual([1, 2, 3]);
    const [edited, denied, ...others] = collectCorrections(thread, agent);
    expect(others).toEqual([]);
    expect([edited?.name, denied?.name]).toEqual([`${threadId} event 4`, `${threadId} event 5`]);
    expect([edited?.events.length, denied?.events.length]).toEqual([2, 2]);
    expect(edited?.expect).toEqual({ anyStep: { intent: "pay", fields: { amount: 20 } } });
    const answer = (...amounts: number[]) => ({
      ...scriptedSteps<S>([done]).parse(JSON.stringify(pay(amounts[0] ?? 0))),
      more: amounts
        .slice(1)
        .map((amount) => ({ value: pay(amount), fidelity: { grade: "exact", reasons: [] } as const })),
    });
    const failures = async (expected: Expectation | undefined, ...amounts: number[]) =>
      (
        await checkAnswer(
          answer(...amounts) as never,
          expected ?? {},
          async () => ({ pass: true }),
          "in_order",
        )
      ).failures.length;
    expect(await failures(edited?.expect, 1, 20)).toBe(0);
    expect(await failures(edited?.expect, 1, 2)).toBe(1);
    expect(await failures(denied?.expect, 1, 2, 3)).toBe(1);
    expect(await failures(denied?.expect, 1, 2)).toBe(0);
  });

  it("a step on which a judge gives no verdict is not counted as judged, and the command fails", async () => {
    const { agent, store } = await played([pay(400), done], (_, digest) => ({
      decision: { kind: "approved" },
      digest,
    }));
    const judgeWith = async (verdict: Judge, json = false) => {
      const { session, said, problems } = testSession(".", { agents: [agent], store, json });
      const config = async () => ({ agents: [agent], evals: { judges: { fair: verdict } } });
      const model = async () => localModel("m", "http://127.0.0.1:1/v1");
      const code = await judge({ ...session, config, model }, "fair", { last: 10, sample: 10, seed: 1 });
      return { code, said, problems };
    };
    const broken: Judge = ({ step }) => {
      if (step.intent === "pay") throw new Error("no idea");
      return true;
    };
    const some = await judgeWith(broken);
    expect([some.code, some.said.at(-1)]).toEqual([1, "1 of 2 steps judged: 100 % (20.7 to 100) passed"]);
    expect(some.said[0]).toContain("no idea");
    expect(some.problems.at(-1)).toBe("no verdict on 1 step");
    const json = await judgeWith(broken, true);
    expect([json.code, JSON.parse(json.said[0] ?? "")]).toMatchObject([
      1,
      { errors: 1, rate: { samples: 1 } },
    ]);
    const never = await judgeWith(() => Promise.reject(new Error("boom")));
    expect([never.code, never.said.at(-1)]).toEqual([1, "0 of 2 steps judged"]);
    const all = await judgeWith(() => false);
    expect([all.code, all.said.at(-1)]).toEqual([0, "2 of 2 steps judged: 0 % (0 to 65.8) passed"]);
  });
});
