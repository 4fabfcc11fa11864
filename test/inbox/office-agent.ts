import { defineAgent } from "../../src/agent/agent.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy, HumanRequestOptions } from "../../src/thread/events.ts";

export type OfficeStep =
  | { intent: "look_up"; query: string }
  | { intent: "pay"; amount: number; to: string; memo: string }
  | { intent: "change_price"; plan: string; price: number }
  | {
      intent: "ask_person";
      question: string;
      context: string;
      format: "free_text" | "yes_no" | "multiple_choice";
      choices: string[];
      urgency: "low" | "medium" | "high";
    }
  | { intent: "done"; message: string };

export interface OfficeOptions {
  readonly policy?: ApprovalPolicy;
  readonly lookUp?: (query: string) => unknown;
  readonly name?: string;
}

/** An agent of an office: it looks things up, pays, changes prices and asks, answering from a script. */
export function officeAgent(script: readonly ScriptedAnswer<OfficeStep>[], options: OfficeOptions = {}) {
  const paid: { amount: number; to: string }[] = [];
  const nextStep = scriptedSteps<OfficeStep>(script);
  const agent = defineAgent(nextStep, {
    name: options.name ?? "office",
    description: "Looks things up, pays invoices and changes prices; asks before money moves.",
    steps: {
      look_up: tool(({ query }) => options.lookUp?.(query) ?? { found: query }, { readOnly: true }),
      pay: tool(
        ({ amount, to }) => {
          paid.push({ amount, to });
          return { paid: amount, to };
        },
        { approval: options.policy ?? "always" },
      ),
      change_price: tool(({ plan, price }) => ({ plan, price }), {
        approval: "always",
        idempotent: true,
        preview: ({ plan, price }) => ({
          before: { plan, price: 29, customers: 412 },
          after: { plan, price, customers: 412 },
        }),
      }),
      ask_person: askHuman(({ question, context, format, choices, urgency }) => {
        const asked: HumanRequestOptions = { format, choices, urgency };
        return context === "" ? { question, options: asked } : { question, context, options: asked };
      }),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep, paid };
}
