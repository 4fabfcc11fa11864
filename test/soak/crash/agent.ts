import { type Agent, defineAgent, type NextStepFunction } from "../../../src/agent/agent.ts";
import { askHuman, finish, progress, sleep, tool } from "../../../src/steps/steps.ts";
import type { FaultPoint } from "./faults.ts";
import { note } from "./ledger.ts";

export type CrashStep =
  | { intent: "look"; what: string }
  | { intent: "save"; what: string }
  | { intent: "pay"; amount: number }
  | { intent: "refund"; amount: number }
  | { intent: "ask"; question: string }
  | { intent: "nap"; ms: number }
  | { intent: "tell"; text: string }
  | { intent: "done"; message: string };

/** What every thread does, one after another, or what only looks all at once: a step of every kind. */
export const PLAN: readonly CrashStep[] = [
  { intent: "look", what: "the order" },
  { intent: "look", what: "the customer" },
  { intent: "look", what: "the stock" },
  { intent: "save", what: "a draft" },
  { intent: "pay", amount: 1 },
  { intent: "tell", text: "half way" },
  { intent: "refund", amount: 2 },
  { intent: "ask", question: "Go on?" },
  { intent: "nap", ms: 15 },
  { intent: "look", what: "the order again" },
  { intent: "pay", amount: 3 },
  { intent: "save", what: "the report" },
  { intent: "done", message: "all done" },
];

export const PAYMENTS = PLAN.filter(({ intent }) => intent === "pay" || intent === "refund").length;

/** An agent that follows the plan; its model knows nothing but how many steps the thread has. */
export function crashAgent(ledger: string, reach: (point: FaultPoint) => void): Agent {
  const effect = async (kind: "pay" | "save", key: string, result: string) => {
    reach("tool_before");
    await new Promise((resolve) => setImmediate(resolve));
    note(ledger, { kind, key });
    reach("tool_after");
    await new Promise((resolve) => setImmediate(resolve));
    return result;
  };
  const next: NextStepFunction<[done: number], CrashStep> = {
    name: "FollowThePlan",
    version: "1",
    async call([done], options) {
      reach("model");
      await new Promise((resolve) => setImmediate(resolve));
      options?.onPartial?.({ intent: null });
      reach("streaming");
      const value = PLAN[done] ?? { intent: "done", message: "the plan is over" };
      const completion = {
        raw: JSON.stringify(value),
        client: "plan",
        usage: null,
        durationMs: 0,
        requestDigest: "",
      };
      const fidelity = { grade: "exact", reasons: [] } as const;
      const end = PLAN.findIndex(({ intent }, at) => at > done && intent !== "look");
      const more = value.intent === "look" ? PLAN.slice(done + 1, end) : [];
      return {
        ok: true,
        value,
        fidelity,
        more: more.map((other) => ({ value: other, fidelity })),
        completion,
      };
    },
    request: () => Promise.reject(new Error("not asked for")),
    parse: () => {
      throw new Error("not asked for");
    },
  };
  return defineAgent<[done: number], CrashStep>(next, {
    name: "crash",
    budget: { steps: 100 },
    severalSteps: "concurrent",
    input: ({ thread }) => [thread.events.filter(({ type }) => type === "step_proposed").length],
    steps: {
      look: tool(
        async ({ what }) => {
          reach("tool_before");
          await new Promise((resolve) => setImmediate(resolve));
          reach("tool_after");
          return `saw ${what}`;
        },
        { readOnly: true },
      ),
      save: tool((_step, { key }) => effect("save", key, "saved"), { idempotent: true }),
      pay: tool((_step, { key }) => effect("pay", key, "paid")),
      refund: tool((_step, { key }) => effect("pay", key, "refunded"), { approval: "always" }),
      ask: askHuman(({ question }) => question),
      nap: sleep(({ ms }) => ({ seconds: ms / 1000 })),
      tell: progress(({ text }) => text),
      done: finish(({ message }) => message),
    },
  });
}
