import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type Agent,
  type AgentOptions,
  defineAgent,
  type ResultOf,
  type StepOf,
  type StepTable,
} from "../../src/agent/agent.ts";
import type { HumanResponse } from "../../src/humans/respond.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { StepDefinition, ToolOptions, ToolStep } from "../../src/steps/definitions.ts";
import { askHuman, finish, nothing, tool } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { b, type Step as PromptStep } from "../prompts/baml_client/index.ts";

type Add = { intent: "add"; a: number; b: number };
type Ask = { intent: "ask"; message: string };
type Done = { intent: "done"; message: string };
type Sum = Add | Ask | Done;

const nextStep = scriptedSteps<Sum>([]);
const add = tool(({ a, b }: Add) => a + b);
const ask = askHuman(({ message }: Ask) => message);
const done = finish(({ message }: Done) => message);

describe("the type of an agent", () => {
  it("a step that no code handles does not compile", { tags: "F1.2" }, () => {
    // @ts-expect-error: `done` has no handler
    const unhandled: StepTable<Sum> = { add, ask };
    expect(Object.keys(unhandled)).toEqual(["add", "ask"]);
    // @ts-expect-error: neither here
    defineAgent(nextStep, { name: "sum", steps: { add, ask } });
  });

  it("a handler for a step that the prompt does not know does not compile", { tags: "F1.2" }, () => {
    // @ts-expect-error: there is no `multiply`
    defineAgent(nextStep, { name: "sum", steps: { add, ask, done, multiply: add } });
    expectTypeOf<keyof StepTable<Sum>>().toEqualTypeOf<"add" | "ask" | "done">();
  });

  it("a handler that takes another argument does not compile", { tags: "F1.2" }, () => {
    // @ts-expect-error: `a` is a number
    defineAgent(nextStep, { name: "sum", steps: { add: tool(({ a }: { a: string }) => a), ask, done } });
    // @ts-expect-error: `add` has no `message`
    defineAgent(nextStep, { name: "sum", steps: { add: finish(({ message }) => message), ask, done } });
    // @ts-expect-error: an approval policy sees the same step
    const policy = tool<Add>(() => 0, { approval: ({ c }) => c });
    expect(policy.kind).toBe("tool");
  });

  it("a policy function that misspells a name does not compile", { tags: "F7.8" }, () => {
    // @ts-expect-error: `need`
    tool((step: Add) => step.a, { approval: () => ({ approvers: ["web:bob"], need: 2 }) });
    const careless = { approvers: ["web:bob"], need: 2 };
    // @ts-expect-error: `need`, also from elsewhere and on one way only
    tool((step: Add) => step.a, { approval: ({ a }) => (a > 1 ? careless : "never") });
    // @ts-expect-error: `requesterMayAprove`
    askHuman((_: Ask) => "who?", { approval: () => ({ requesterMayAprove: false }) });
    // @ts-expect-error: `expireAfter`, beside a right one
    const bad = tool((s: Add) => s.a, { approval: () => ({ needed: 2, expireAfter: 5 }) });
    const good = tool((step: Add) => step.a, {
      approval: ({ a }) => (a > 1 ? { approvers: ["web:bob"], needed: 2, onExpiry: "deny" } : "never"),
    });
    expectTypeOf(good).toEqualTypeOf<ToolStep<Add>>();
    expect([bad.kind, good.kind]).toEqual(["tool", "tool"]);
  });

  it("whoever approves or denies says which card was shown", { tags: "F7.6" }, () => {
    expectTypeOf<{ decision: { kind: "approved" }; digest: string }>().toExtend<HumanResponse>();
    expectTypeOf<{
      decision: { kind: "denied"; feedback: string };
      digest: null;
    }>().toExtend<HumanResponse>();
    expectTypeOf<{ decision: { kind: "answered"; text: string } }>().toExtend<HumanResponse>();
    expectTypeOf<{ decision: { kind: "approved" } }>().not.toExtend<HumanResponse>();
    expectTypeOf<{ decision: { kind: "denied"; feedback: string } }>().not.toExtend<HumanResponse>();
  });

  it("options that several tools share say nothing about the step's type", { tags: "F4.2" }, () => {
    // biome-ignore lint/suspicious/noExplicitAny: what users write who do not care about the step
    const careless = { approval: (_: any) => "always" } satisfies ToolOptions<Sum>;
    const careful = { approval: (_: unknown) => "always" } satisfies ToolOptions<Sum>;
    const agent = defineAgent(nextStep, {
      name: "sum",
      steps: {
        add: tool((step) => {
          expectTypeOf(step).toEqualTypeOf<Add>();
          return step.a + step.b;
        }, careless),
        ask: askHuman((step) => {
          expectTypeOf(step).toEqualTypeOf<Ask>();
          return step.message;
        }, careful),
        done: finish((step) => {
          expectTypeOf(step).toEqualTypeOf<Done>();
          return step.message;
        }, careful),
      },
    });
    expectTypeOf<StepOf<typeof agent>>().toEqualTypeOf<Sum>();
    const inline = tool((step: Add) => step.a, { approval: (step) => (step.a > 10 ? "always" : "never") });
    expectTypeOf(inline).toEqualTypeOf<ToolStep<Add>>();
    expect(agent.name).toBe("sum");
  });

  it("where a step is handled its type is known without being written", { tags: "F4.2" }, () => {
    const agent = defineAgent(nextStep, {
      name: "sum",
      steps: {
        add: tool((step) => {
          expectTypeOf(step).toEqualTypeOf<Add>();
          return step.a + step.b;
        }),
        ask: askHuman((step) => {
          expectTypeOf(step).toEqualTypeOf<Ask>();
          return step.message;
        }),
        done: finish((step) => {
          expectTypeOf(step).toEqualTypeOf<Done>();
          return step.message;
        }),
      },
    });
    expectTypeOf(agent).toEqualTypeOf<Agent<Sum, string>>();
    expectTypeOf<StepOf<typeof agent>>().toEqualTypeOf<Sum>();
    expectTypeOf<ResultOf<typeof agent>>().toEqualTypeOf<string>();
    expectTypeOf(agent).toExtend<Agent>();
    expectTypeOf<StepTable<Sum>["add"]>().toEqualTypeOf<StepDefinition<Add>>();
    expect([...agent.steps.keys()]).toEqual(["add", "ask", "done"]);
  });

  it("what a run ends with is what its last steps return", { tags: "F10.2" }, () => {
    type Order = { intent: "buy"; item: string } | { intent: "leave" } | { intent: "look" };
    const shop = defineAgent(scriptedSteps<Order>([]), {
      name: "shop",
      steps: {
        buy: finish(({ item }) => ({ item, price: 3 })),
        leave: nothing(() => "nothing to buy"),
        look: tool(() => 7),
      },
    });
    expectTypeOf<ResultOf<typeof shop>>().toEqualTypeOf<{ item: string; price: number } | string>();
    const desk = defineAgent(promptFunction(b, "NextStep", { bamlFiles: undefined }), {
      name: "desk",
      steps: {
        refund: tool(() => 7),
        search: tool(() => 7),
        send_mail: tool(() => 7),
        transfer: tool(() => 7),
        request_more_information: askHuman(({ message }) => message),
        done_for_now: finish(({ message }) => message),
      },
    });
    expectTypeOf<StepOf<typeof desk>>().toEqualTypeOf<PromptStep>();
    expectTypeOf<ResultOf<typeof desk>>().toEqualTypeOf<string>();
    expectTypeOf<[StepOf<string>, ResultOf<string>]>().toEqualTypeOf<[never, never]>();
    expect(shop.steps.size).toBe(3);
  });

  it("a prompt that takes more than the thread needs its input said", { tags: "F10.2" }, () => {
    type Options = AgentOptions<[thread: string, day: string], Sum>;
    expectTypeOf<Options>().toHaveProperty("input");
    // @ts-expect-error: where does `day` come from?
    const missing: Options = { name: "sum", steps: { add, ask, done } };
    expect(missing.name).toBe("sum");
  });
});
