import { defineAgent } from "../../src/agent/agent.ts";
import { askHuman, finish, sleep, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";

export type ExampleStep =
  | { intent: "add"; a: number; b: number }
  | { intent: "divide"; a: number; b: number }
  | { intent: "pay"; amount: number; to: string }
  | { intent: "fail"; message: string }
  | { intent: "nap"; seconds: number }
  | { intent: "ask"; message: string }
  | { intent: "done"; message: string };

export interface Effects {
  payments: string[];
  pay?: (key: string) => Promise<unknown>;
}

/** A small agent with one step of each kind, answering from a script. */
export function exampleAgent(
  script: readonly ScriptedAnswer<ExampleStep>[],
  effects: Effects = { payments: [] },
) {
  const nextStep = scriptedSteps<ExampleStep>(script);
  const agent = defineAgent(nextStep, {
    name: "example",
    steps: {
      add: tool(({ a, b }) => a + b, { readOnly: true }),
      divide: tool(({ a, b }) => a / b, { approval: "always", readOnly: true }),
      pay: tool(async ({ amount, to }, { key }) => {
        effects.payments.push(`${key} ${amount} ${to}`);
        return (await effects.pay?.(key)) ?? "paid";
      }),
      fail: tool(({ message }) => {
        throw new Error(message);
      }),
      nap: sleep(({ seconds }) => ({ seconds })),
      ask: askHuman(({ message }) => message),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep, effects };
}
