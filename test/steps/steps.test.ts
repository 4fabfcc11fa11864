import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { ToolOptions } from "../../src/steps/definitions.ts";
import type { StandardSchema } from "../../src/steps/standard-schema.ts";
import { finish, sleep, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { FullStep } from "../runtime/full-agent.ts";
import { ada, approvalOf, bench, bob, eventsOf, testRuntime, typesOf } from "../runtime/harness.ts";

type Send = { intent: "send"; to: string; count: number };
type Done = { intent: "done" };
const send: Send = { intent: "send", to: "carol", count: 1 };
const DOUBTFUL = { grade: "doubtful", reasons: ["negated"] } as const;
const TOLERANT = { grade: "tolerant", reasons: ["repaired_syntax"] } as const;

/** An agent with one tool, and a thread of it run until it waits or ends. */
async function run(
  script: readonly ScriptedAnswer<Send | Done>[],
  options: ToolOptions<Send> = {},
  limits = {},
) {
  const sent: Send[] = [];
  const nextStep = scriptedSteps<Send | Done>([...script, { intent: "done" }]);
  const agent = defineAgent(nextStep, {
    name: "sender",
    limits,
    steps: {
      send: tool((step) => {
        sent.push(step);
        return { sent: step.count };
      }, options),
      done: finish(() => "done"),
    },
  });
  const runtime = testRuntime({ agents: [agent] });
  const { threadId } = await runtime.launch({ agent: "sender", input: { message: "send", from: ada } });
  const approve = async () => {
    const { seq, digest } = approvalOf(await runtime.settled(threadId));
    await runtime.respond(requestIdOf(threadId, seq), { decision: { kind: "approved" }, digest }, bob);
    return runtime.settled(threadId);
  };
  return { thread: await runtime.settled(threadId), sent, prompts: nextStep.prompts, approve };
}

describe("tools", () => {
  it("the code gets exactly the typed step, and its structured result is stored as data", {
    tags: ["F4.1", "F4.2"],
  }, async () => {
    const { thread, sent, prompts } = await run([send]);
    expect(sent).toEqual([send]);
    expect(eventsOf(thread, "tool_finished")[0]?.data.result).toEqual({ sent: 1 });
    expect(prompts[1]).toMatch(/<send_result>\s+sent: 1\s+<\/send_result>/);
  });

  it("what JSON cannot hold is stored as a defined stand-in, never thrown", { tags: "F4.2" }, async () => {
    const nextStep = scriptedSteps<{ intent: "odd" } | Done>([{ intent: "odd" }, { intent: "done" }]);
    const agent = defineAgent(nextStep, {
      name: "odd",
      steps: {
        odd: tool(() => ({ when: new Date(0), big: 10n, none: undefined, fn: () => 1 }), { readOnly: true }),
        done: finish(() => undefined),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "odd", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "tool_finished")[0]?.data.result).toEqual({
      when: "1970-01-01T00:00:00.000Z",
      big: "10",
      fn: "[function fn]",
    });
    expect(thread.state.status).toEqual({ kind: "finished", result: null });
  });

  it("code decides what a step means: one intent may run, another wait, another end", {
    tags: "F4.3",
  }, async () => {
    const { start } = bench([
      { intent: "put", value: 1 },
      { intent: "nap", seconds: 5 },
    ]);
    const thread = await start();
    expect(typesOf(thread)).toEqual([
      "thread_started",
      "message_received",
      "step_proposed",
      "tool_started",
      "tool_finished",
      "step_proposed",
      "sleep_started",
    ]);
    expect(thread.state.status).toMatchObject({ kind: "awaiting_time", until: "2026-01-01T00:00:05.000Z" });
  });

  it("what a step's code throws while it is turned into events is a refusal that the model reads", {
    tags: "F8.1",
  }, async () => {
    type Step = { intent: "nap"; day: string } | Done;
    const nextStep = scriptedSteps<Step>([{ intent: "nap", day: "someday" }, { intent: "done" }]);
    const agent = defineAgent(nextStep, {
      name: "napper",
      steps: { nap: sleep(({ day }) => ({ until: new Date(day) })), done: finish(() => "done") },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "napper", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "step_refused")[0]?.data).toMatchObject({ reason: "invalid_arguments" });
    expect(thread.state.status.kind).toBe("finished");
  });
});

describe("argument rules", () => {
  it("a zod schema refuses a step, naming the field, and the model corrects it", {
    tags: "F4.4",
  }, async () => {
    const rules = z.object({
      intent: z.literal("send"),
      to: z.string().min(3, "give a full name"),
      count: z.number().int().max(5),
    });
    const { thread, sent, prompts } = await run([{ ...send, to: "c", count: 9 }, send], { arguments: rules });
    expect(eventsOf(thread, "step_refused").map(({ data }) => [data.reason, data.callId])).toEqual([
      ["invalid_arguments", "call_3"],
    ]);
    expect(prompts[1]).toContain("to: give a full name");
    expect(prompts[1]).toContain("count: Too big");
    expect(sent).toEqual([send]);
  });

  it("any other Standard Schema does as well, also one that answers later", { tags: "F4.4" }, async () => {
    const rules: StandardSchema<Send> = {
      "~standard": {
        version: 1,
        vendor: "handmade",
        validate: async (value) =>
          JSON.stringify(value).includes("carol")
            ? { value }
            : {
                issues: [
                  { message: "is not in the address book", path: [{ key: "to" }] },
                  { message: "ask" },
                ],
              },
      },
    };
    const { prompts, sent } = await run([{ ...send, to: "dave" }, send], { arguments: rules });
    expect(prompts[1]).toContain("to: is not in the address book; ask");
    expect(sent).toEqual([send]);
  });

  it("a rule that throws refuses the step, without secrets, and the run goes on", {
    tags: "F4.4",
  }, async () => {
    const rules: StandardSchema<Send> = {
      "~standard": {
        version: 1,
        vendor: "handmade",
        validate: () => {
          throw new Error("no connection with Authorization: Bearer sk-abcdefghijklmnopqrstuvwxyz123456");
        },
      },
    };
    const { thread, sent, prompts } = await run([send], { arguments: rules });
    expect(sent).toEqual([]);
    expect(thread.state.status.kind).toBe("finished");
    expect(prompts[1]).toContain("no connection");
    expect(JSON.stringify(thread.events)).not.toContain("sk-abcdef");
  });

  it("a check is asked once before anybody is asked, and once before the step runs", {
    tags: ["F1.4", "F4.4"],
  }, async () => {
    let checks = 0;
    const check = () => {
      checks += 1;
      return undefined;
    };
    const judge = () => ({ verdict: "ask_person", reason: "look" }) as const;
    const counted = async (options: ToolOptions<Send>) => {
      checks = 0;
      const { approve, thread } = await run([send], { check, ...options });
      const before = checks;
      if (thread.state.request !== null) await approve();
      return [before, checks];
    };
    expect(await counted({})).toEqual([1, 1]);
    expect(await counted({ approval: "always" })).toEqual([1, 2]);
    expect(await counted({ judge: () => ({ verdict: "pass", reason: "fine" }) })).toEqual([2, 2]);
    expect(await counted({ judge })).toEqual([1, 2]);
    expect(await counted({ judge, approval: "always" })).toEqual([1, 2]);
  });

  it("a check is asked again right before the step runs", { tags: ["F1.4", "F4.4"] }, async () => {
    let stock = 1;
    const check = () => (stock > 0 ? undefined : "sold out");
    const { approve, sent, thread } = await run([send], { check, approval: "always" });
    expect(thread.state.status.kind).toBe("awaiting_approval");
    stock = 0;
    const ended = await approve();
    expect(sent).toEqual([]);
    expect(eventsOf(ended, "step_refused")[0]?.data.message).toBe("sold out");
  });
});

describe("fidelity", () => {
  it("a doubtful step with effects is refused once with the reason, then needs approval", {
    tags: "F4.8",
  }, async () => {
    const doubtful = { step: send, fidelity: DOUBTFUL };
    const { thread, sent, prompts, approve } = await run([doubtful, doubtful]);
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.reason)).toEqual(["doubtful"]);
    expect(prompts).toHaveLength(2);
    expect(prompts[1]).toContain("not clear that this is what you meant");
    expect(approvalOf(thread).card.reasons[0]).toEqual({ kind: "doubtful", doubts: ["negated"] });
    expect(sent).toEqual([]);
    expect((await approve()).state.status.kind).toBe("finished");
    expect(sent).toEqual([send]);
  });

  it("after a step that ran, the first doubt is a refusal again", { tags: "F4.8" }, async () => {
    const doubtful = { step: send, fidelity: DOUBTFUL };
    const { thread } = await run([doubtful, send, doubtful]);
    expect(eventsOf(thread, "step_refused")).toHaveLength(2);
    expect(thread.state.status.kind).toBe("finished");
  });

  it.each([
    ["a tolerant parse", TOLERANT, {}, 1],
    ["a doubtful parse of a tool that only reads", DOUBTFUL, { readOnly: true }, 1],
    ["a doubtful parse where the tool accepts it", DOUBTFUL, { accepts: "doubtful" as const }, 1],
    ["a tolerant parse where only exact ones are accepted", TOLERANT, { accepts: "exact" as const }, 0],
    ["a doubtful parse of an idempotent tool", DOUBTFUL, { idempotent: true }, 0],
  ])("%s", { tags: "F4.8" }, async (_, fidelity, options, runs) => {
    const { sent } = await run([{ step: send, fidelity }], options);
    expect(sent).toHaveLength(runs);
  });

  it("every proposed step carries its fidelity", { tags: "F4.8" }, async () => {
    const { thread } = await run([{ step: send, fidelity: TOLERANT }]);
    expect(eventsOf(thread, "step_proposed").map(({ data }) => data.fidelity.grade)).toEqual([
      "tolerant",
      "exact",
    ]);
  });
});

describe("previews and judges", () => {
  it("what would change is computed before approval, shown on the card and part of what is approved", {
    tags: "F4.7",
  }, async () => {
    let balance = 100;
    const preview = ({ count }: Send) => ({ balance: balance - count });
    const first = await run([send], { approval: "always", preview });
    expect(approvalOf(first.thread).card).toEqual({
      title: "sender wants to run send",
      intent: "send",
      arguments: { to: "carol", count: 1 },
      reasons: [{ kind: "policy" }],
      preview: { balance: 99 },
    });
    expect(first.sent).toEqual([]);
    balance = 50;
    const second = await run([send], { approval: "always", preview });
    expect(approvalOf(second.thread).digest).not.toBe(approvalOf(first.thread).digest);
  });

  it("a preview that fails is shown as failed", { tags: "F4.7" }, async () => {
    const preview = () => {
      throw new Error("cannot look");
    };
    const { thread } = await run([send], { approval: "always", preview });
    expect(approvalOf(thread).card.preview).toEqual({ preview_failed: "cannot look" });
  });

  it("a judge may pass, refuse or leave it to a person; each verdict is an event, and the judge is asked once", {
    tags: "F8.3",
  }, async () => {
    let asked = 0;
    const judge: ToolOptions<Send>["judge"] = async ({ count }) => {
      asked += 1;
      if (count > 100) return { verdict: "refuse", reason: "far too many" };
      return count > 10
        ? { verdict: "ask_person", reason: "rather many" }
        : { verdict: "pass", reason: "few" };
    };
    const { thread, sent, prompts, approve } = await run(
      [{ ...send, count: 500 }, send, { ...send, count: 50 }],
      { judge },
    );
    expect(eventsOf(thread, "step_judged").map(({ data }) => data.verdict)).toEqual([
      "refuse",
      "pass",
      "ask_person",
    ]);
    expect(prompts[1]).toContain("far too many");
    expect(approvalOf(thread).card.reasons).toEqual([{ kind: "judge", reason: "rather many" }]);
    expect(sent).toEqual([send]);
    await approve();
    expect(sent).toHaveLength(2);
    expect(asked).toBe(3);
  });

  it("a judge that says anything else than it may leaves it to a person", { tags: "F8.3" }, async () => {
    for (const verdict of ["deny", "PASS", null, undefined]) {
      const judge = () =>
        ({ verdict, reason: "fine" }) as unknown as ReturnType<NonNullable<ToolOptions<Send>["judge"]>>;
      const { thread, sent } = await run([send], { judge });
      expect(sent).toEqual([]);
      expect(JSON.stringify(approvalOf(thread).card.reasons)).toContain("none of pass, refuse, ask_person");
    }
  });

  it("a judge that fails leaves it to a person", { tags: "F8.3" }, async () => {
    const judge = () => Promise.reject(new Error("judge is down"));
    const { thread, sent } = await run([send], { judge });
    expect(approvalOf(thread).card.reasons).toEqual([
      { kind: "judge", reason: "the judge failed: judge is down" },
    ]);
    expect(sent).toEqual([]);
  });

  it("an approval policy that throws asks a person", { tags: "F7.8" }, async () => {
    const approval = () => {
      throw new Error("no policy");
    };
    const { thread, sent } = await run([send], { approval });
    expect(thread.state.status.kind).toBe("awaiting_approval");
    expect(sent).toEqual([]);
  });
});

describe("errors", () => {
  const fail = (message: string): FullStep => ({ intent: "fail", message });
  const add = (a: number): FullStep => ({ intent: "add", a, b: 1 });
  const done: FullStep = { intent: "done", message: "end" };

  it("a thrown error becomes a short event the model reads, and the loop goes on", {
    tags: ["F9.1", "F9.2"],
  }, async () => {
    const secret = "sk-abcdefghijklmnopqrstuvwxyz123456";
    const { start, prompts } = bench([fail(`${secret} ${"x".repeat(5_000)}`), done]);
    const thread = await start();
    const { error } = eventsOf(thread, "tool_failed")[0]?.data ?? {};
    expect(error?.message.length).toBeLessThanOrEqual(600);
    expect(JSON.stringify(error)).not.toContain("sk-abcdef");
    expect(JSON.stringify(error)).not.toContain("node_modules");
    expect(prompts[1]).toContain("characters left out");
    expect(thread.state.status.kind).toBe("finished");
  });

  it("three errors in a row reach a person; a success in between starts the count anew", {
    tags: "F9.3",
  }, async () => {
    const { start, answer, prompts } = bench([
      fail("a"),
      { unparseable: "hm" },
      add(1),
      fail("b"),
      { unparseable: "hm" },
      { intent: "lookup", id: "nobody" },
      done,
    ]);
    const thread = await start();
    expect(thread.state.consecutiveErrors).toBe(3);
    expect(thread.state.status).toMatchObject({ kind: "awaiting_human", request: { kind: "escalation" } });
    const ended = await answer(thread, { kind: "answered", text: "use the second account" });
    expect(prompts.at(-1)).toContain("use the second account");
    expect(ended.state).toMatchObject({ consecutiveErrors: 0, status: { kind: "finished" } });
  });

  it("a tool that failed three times since it last worked reaches a person, whatever worked in between", {
    tags: "F9.4",
  }, async () => {
    const { start } = bench([fail("a"), add(1), fail("b"), add(2), fail("c"), done]);
    const thread = await start();
    expect(thread.state.failures).toEqual({ fail: 3 });
    expect(thread.state.request).toMatchObject({ question: expect.stringContaining("fail failed 3 times") });
  });

  it("at the limit an agent may stop instead of asking", { tags: "F9.5" }, async () => {
    const { start, runtime } = bench([fail("a"), fail("b"), done], {
      limits: { consecutiveErrors: 2, onLimit: "stop" },
    });
    const thread = await start();
    expect(thread.state.status).toMatchObject({ kind: "failed", error: { name: "ErrorLimit" } });
    await runtime.message(thread.id, "try again", ada);
    expect((await runtime.settled(thread.id)).state.status.kind).toBe("finished");
  });

  it("a person who says stop ends it, with the reason", { tags: "F9.5" }, async () => {
    const { start, answer } = bench([fail("a"), fail("b"), fail("c")]);
    const ended = await answer(await start(), { kind: "denied", feedback: "leave it" });
    expect(ended.state.status).toMatchObject({ kind: "failed", error: { message: "leave it" } });
  });

  it("the same step with the same outcome again and again is pointed out once, then a person is asked", {
    tags: "F9.7",
  }, async () => {
    const { start, prompts } = bench(Array.from({ length: 20 }, () => add(1)));
    const thread = await start();
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.reason)).toEqual(["repeated", "repeated"]);
    expect(prompts[3]).toContain("with the same outcome");
    expect(prompts).toHaveLength(4);
    expect(eventsOf(thread, "tool_started")).toHaveLength(3);
    expect(thread.state.request).toMatchObject({ kind: "escalation" });
  });

  it("a step is the same whatever reasons the model gives for it", { tags: ["F9.7", "F8.2"] }, async () => {
    let runs = 0;
    const nextStep = scriptedSteps<{ intent: "poll"; reasoning: string; of: string } | Done>(
      Array.from(
        { length: 9 },
        (_, index) => ({ intent: "poll", reasoning: `Try ${index}.`, of: "door" }) as const,
      ),
    );
    const agent = defineAgent(nextStep, {
      name: "poller",
      steps: {
        poll: tool(() => `shut ${++runs}`, { readOnly: true, cacheSeconds: 60 }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "poller", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.reason)).toEqual(["repeated", "repeated"]);
    expect(eventsOf(thread, "tool_started")).toHaveLength(3);
    expect(runs, "the others get the first result").toBe(1);
  });

  it("a step that was pointed out runs again once something else was done, or once a person said to go on", {
    tags: "F9.7",
  }, async () => {
    const script = [add(1), add(1), add(1), add(2), add(1), done];
    const other = bench(script);
    expect((await other.start()).state.status.kind).toBe("finished");
    const told = bench([add(1), add(1), add(1), add(1), add(1), done]);
    const asked = await told.start();
    const end = await told.answer(asked, { kind: "approved" });
    expect(end.state.status.kind).toBe("finished");
    expect(eventsOf(end, "tool_started")).toHaveLength(4);
  });

  it("the same step with another outcome is no repetition", { tags: "F9.7" }, async () => {
    let count = 0;
    const nextStep = scriptedSteps<{ intent: "poll" } | Done>([
      ...Array.from({ length: 9 }, () => ({ intent: "poll" as const })),
      { intent: "done" },
    ]);
    const agent = defineAgent(nextStep, {
      name: "poller",
      steps: { poll: tool(() => ++count, { readOnly: true }), done: finish(() => "done") },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "poller", input: { message: "go", from: ada } });
    expect((await runtime.settled(threadId)).state.status.kind).toBe("finished");
  });

  it("an unparseable answer is fed back with the reason, and its raw text is kept", {
    tags: "F9.8",
  }, async () => {
    const { start, prompts } = bench([{ unparseable: "I would rather not." }, done]);
    const thread = await start();
    expect(eventsOf(thread, "step_refused")[0]?.data).toMatchObject({
      reason: "unparseable",
      completion: { raw: "I would rather not." },
    });
    expect(prompts[1]).toContain("Answer with exactly one");
  });

  it("a provider that is down uses up none of the model's errors: a person is asked, and may try again or stop", {
    tags: "F9.9",
  }, async () => {
    const down = { throws: new Error("connect ECONNREFUSED") };
    const { start, answer } = bench([fail("a"), fail("b"), down, down, done], {
      limits: { consecutiveErrors: 3 },
    });
    const thread = await start();
    expect(thread.state).toMatchObject({ consecutiveErrors: 2, status: { request: { kind: "provider" } } });
    const again = await answer(thread, { kind: "approved" });
    expect(again.state.request).toMatchObject({
      kind: "provider",
      question: expect.stringContaining("ECONNREFUSED"),
    });
    expect((await answer(again, { kind: "approved" })).state.status.kind).toBe("finished");
  });

  it("a person may give up on a provider", { tags: "F9.9" }, async () => {
    const { start, answer } = bench([{ throws: new Error("401") }]);
    const ended = await answer(await start(), { kind: "denied", feedback: "no key" });
    expect(ended.state.status).toMatchObject({ kind: "failed", error: { message: "no key" } });
  });
});
