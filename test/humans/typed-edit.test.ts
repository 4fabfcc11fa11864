import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { validateEdit } from "../../src/runtime/edit.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import type { Step } from "../../src/thread/events.ts";
import { b } from "../prompts/baml_client/index.ts";
import { getBamlFiles } from "../prompts/baml_client/inlinedbaml.ts";
import { ada, approvalOf, bob, eventsOf, testRuntime } from "../runtime/harness.ts";

/** The real agent, with its parser and its types, answering divide and then the end. */
async function dividing() {
  const steps = [
    { intent: "divide", a: 12, b: 0 },
    { intent: "done_for_now", message: "there" },
  ];
  const prompts: string[] = [];
  const parsed: string[] = [];
  const runtime = testRuntime({
    agents: [
      {
        ...calculator,
        nextStep: {
          ...calculator.nextStep,
          parse: (raw, thread) => {
            parsed.push(raw);
            return calculator.nextStep.parse(raw, thread);
          },
          call: async (thread) => {
            prompts.push(calculator.context.render(thread));
            const answer = calculator.nextStep.parse(JSON.stringify(steps.shift()), { events: [] });
            if (!answer.ok) throw new Error(answer.message);
            return answer;
          },
        },
      },
    ],
  });
  const { threadId } = await runtime.launch({ agent: "calculator", input: { message: "12 / 0", from: ada } });
  const thread = await runtime.settled(threadId);
  const { seq, digest } = approvalOf(thread);
  const edit = (editedStep: Step) =>
    runtime.respond(requestIdOf(threadId, seq), { decision: { kind: "approved", editedStep }, digest }, bob);
  return { runtime, thread, prompts, parsed, edit };
}

const office = (nextStep: ReturnType<typeof promptFunction<typeof b, "NextStep">>) =>
  defineAgent(nextStep, {
    name: "office",
    steps: {
      refund: tool(() => null),
      search: tool(() => null),
      send_mail: tool(() => null),
      transfer: tool(() => null),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
    },
  });

describe("an edit of a BAML type", () => {
  it.each([
    ["a text that is no number", { intent: "divide", a: "twelve", b: 3 }],
    ["a missing field", { intent: "divide", a: 12 }],
    ["a field that the type does not know", { intent: "divide", a: 12, b: 3, currency: "EUR" }],
    ["another type of value, even where it could be converted", { intent: "divide", a: "12", b: 3 }],
    ["a list", { intent: "divide", a: [12], b: 3 }],
    ["a list of thousands of texts", { intent: "divide", a: Array(8_000).fill("twelve"), b: 3 }],
    ["a text of 120 kB", { intent: "divide", a: "twelve ".repeat(17_000), b: 3 }],
  ])(
    "with %s is refused before it reaches the native parser, and changes nothing",
    { tags: "F7.9" },
    async (_, editedStep) => {
      const { runtime, thread, parsed, edit } = await dividing();
      await expect(edit(editedStep)).rejects.toMatchObject({
        code: "invalid_argument",
        message: expect.stringContaining("the edit is not valid"),
      });
      expect(await runtime.get(thread.id)).toEqual(thread);
      expect(parsed).toEqual([]);
    },
  );

  it("that the parser refuses is refused in words for people, not for a model", { tags: "F7.9" }, () => {
    const agent = office(promptFunction(b, "NextStep", { bamlFiles: getBamlFiles }));
    const problemOf = (fields: object) => {
      const transfer = {
        intent: "transfer",
        from_account: { iban: "A" },
        amount: 1,
        urgent: true,
        ...fields,
      };
      const made = validateEdit(agent, { events: [] })(transfer);
      return "problem" in made ? made.problem : "none";
    };
    expect(problemOf({ to_account: { iban: "B" } })).toBe("none");
    const misfit = "it does not fit the type of transfer: to_account";
    expect(problemOf({ to_account: { owner: "x" } })).toBe(`${misfit}.iban is missing`);
    expect(problemOf({ to_account: '{"iban":"B"}' })).toBe(
      `${misfit} holds JSON text: write the object or list itself, without quotes around it`,
    );
    expect(problemOf({ to_account: [Array(3_000).fill(0)] })).toBe(`${misfit} must be an object, not a list`);
    const search = { intent: "search", query: "x", limit: null, tags: Array(3_000).fill("a") };
    expect(validateEdit(agent, { events: [] })(search)).toEqual({
      problem: "it holds more than 2500 values",
    });
  });

  it("may change fields and choices that the prompt shows under an alias", { tags: "F7.9" }, () => {
    const files = Object.entries(getBamlFiles()).map(([path, source]) => [
      path,
      source.replace(
        'class Refund {\n  intent "refund"\n  order_id string',
        'enum Why {\n  LATE @alias("too late")\n  OTHER\n}\n\nclass Refund {\n  intent "refund"\n  why Why\n  order_id string @alias("order")',
      ),
    ]);
    const aliased = promptFunction(b, "NextStep", { bamlFiles: getBamlFiles }).withBamlFiles(
      Object.fromEntries(files),
    );
    expect(aliased.parse('{"intent":"refund","why":"too late","order":"A1","amount":40}')).toMatchObject({
      value: { why: "LATE", order_id: "A1" },
      fidelity: { grade: "exact" },
    });
    const edit = validateEdit(office(aliased), { events: [] });
    const refund = { intent: "refund", why: "LATE", order_id: "A2", amount: 50, reason: null };
    expect(edit(refund)).toEqual({ step: refund });
    expect(edit({ ...refund, why: "OTHER" })).toEqual({ step: { ...refund, why: "OTHER" } });
    expect(edit({ ...refund, why: "too late" })).toMatchObject({
      problem: expect.stringContaining('why must be "LATE" or "OTHER"'),
    });
  });

  it("that fits runs, and the model is told what became of its proposal", { tags: "F7.9" }, async () => {
    const { runtime, thread, edit, prompts, parsed } = await dividing();
    await edit({ intent: "divide", a: 12, b: 3 });
    const ended = await runtime.settled(thread.id);
    expect(parsed).toEqual(['{"intent":"divide","a":12,"b":3}']);
    expect(eventsOf(ended, "tool_finished")[0]?.data.result).toBe(4);
    expect(prompts[1]).toMatch(/<divide>\s+a: 12\s+b: 0[\s\S]*Bob[\s\S]*b: 3[\s\S]*<divide_result>\s+4/);
  });
});
