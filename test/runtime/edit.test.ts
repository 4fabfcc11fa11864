import { describe, expect, it } from "vitest";
import { defineAgent, finish, tool } from "../../src/index.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { validateEdit } from "../../src/runtime/edit.ts";
import { writtenStep } from "../../src/runtime/edit-type.ts";
import type { Step } from "../../src/thread/events.ts";
import { b } from "../prompts/baml_client/index.ts";
import { getBamlFiles } from "../prompts/baml_client/inlinedbaml.ts";

const nextPlan = promptFunction(b, "NextPlan", { bamlFiles: getBamlFiles });
let parsed = 0;
const counted: typeof nextPlan = Object.create(nextPlan, {
  parse: {
    value: (text: string) => {
      parsed += 1;
      return nextPlan.parse(text);
    },
  },
});
const agent = defineAgent(counted, {
  name: "planner",
  steps: {
    plan: tool(() => 1, { version: "1" }),
    refund: tool(() => 1, { version: "1" }),
    search: tool(() => 1, { readOnly: true }),
    send_mail: tool(() => 1, { version: "1" }),
    transfer: tool(() => 1, { version: "1" }),
    request_more_information: tool(() => 1, { readOnly: true }),
    done_for_now: finish(() => 1),
  },
});
const edit = validateEdit(agent, { events: [] });
const plan = (steps: readonly unknown[], more: object = {}): Step =>
  JSON.parse(JSON.stringify({ intent: "plan", goal: "g", priority: "HIGH", steps, ...more }));
const refund = { intent: "refund", order_id: "A1", amount: 40, reason: null };

describe("an edit by an approver", { tags: ["F7.9", "S1"] }, () => {
  it("that fits the type at every depth is the step, under the names of the code", () => {
    const nested = plan([
      refund,
      plan([refund]),
      {
        intent: "transfer",
        from_account: { iban: "x", owner: null },
        to_account: { iban: "y", owner: "z" },
        amount: 1.5,
        urgent: false,
      },
    ]);
    expect(edit(nested)).toEqual({ step: nested });
  });

  it.each<[string, Step, string]>([
    [
      "a value of another type, three levels down",
      plan([plan([{ ...refund, amount: "40" }])]),
      'steps.0.steps.0.amount must be a whole number, not "40"',
    ],
    ["a field that there is not, below", plan([{ ...refund, note: "x" }]), 'it has no field "steps.0.note"'],
    [
      "a field that is missing, below",
      plan([{ intent: "transfer", from_account: {}, to_account: { iban: "y" }, amount: 1, urgent: true }]),
      "steps.0.from_account.iban is missing",
    ],
    [
      "a value that the enum does not have",
      plan([], { priority: "SOON" }),
      'priority must be "LOW" or "HIGH", not "SOON"',
    ],
    ["a list for a text", plan([], { goal: ["g"] }), "goal must be text, not a list"],
    [
      "2,000 values of another type",
      plan(Array.from({ length: 2_000 }, () => 7)),
      "steps.0 must be an object, not 7",
    ],
  ])("is refused before the parser sees it: %s", (_, edited, problem) => {
    parsed = 0;
    expect(edit(edited)).toEqual({ problem: `it does not fit the type of plan: ${problem}` });
    expect(parsed).toBe(0);
  });

  it("of a type that is known only at run time is left to the parser", () => {
    const dynamic = promptFunction(b, "NextDynamic", { bamlFiles: getBamlFiles });
    const step: Step = { intent: "call_tool", call: 7 };
    expect(writtenStep(step, dynamic)).toEqual({ written: step });
  });
});
