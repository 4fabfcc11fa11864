import { defineAgent } from "../../src/agent/agent.ts";
import {
  askHuman,
  delegate,
  finish,
  nothing,
  progress,
  sleep,
  tool,
  waitForEvent,
} from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { INTENTS } from "../thread/random-events.ts";

type Intent = Exclude<(typeof INTENTS)[number], "unknown">;
type WalkerStep = { [I in Intent]: { readonly intent: I; readonly value: number } }[Intent];

/** An agent with a step of every kind, a policy of every kind and a judge, for threads made at random. */
export const walkerAgent = (severalSteps: "first" | "in_order" | "concurrent" = "in_order") =>
  defineAgent(scriptedSteps<WalkerStep>(Array.from({ length: 9 }, () => ({ intent: "read", value: 1 }))), {
    name: "walker",
    severalSteps,
    // Every decision about an intent that the agent does not know is made as well: "unknown" is missing.
    steps: {
      read: tool(({ value }) => value, { readOnly: true }),
      write: tool(({ value }) => value, { idempotent: true }),
      pay: tool(({ value }) => value, {
        approval: ({ value }) => (value > 1 ? { needed: 2, expiresAfter: 60 } : "always"),
        preview: ({ value }) => ({ change: value }),
      }),
      judged: tool(({ value }) => value, {
        judge: () => ({ verdict: "ask_person", reason: "look" }),
        check: ({ value }) => (value === 2 ? "2 is not allowed" : undefined),
      }),
      ask: askHuman(({ value }) => `which of ${value}?`),
      nap: sleep(({ value }) => ({ seconds: value })),
      await: waitForEvent(() => ({ name: "ready", timeoutSeconds: 5 })),
      tell: progress(({ value }) => `at ${value}`),
      hand: delegate({ agent: "child", input: ({ value }) => `grow to ${value}` }),
      hand_aside: delegate({ agent: "child", wait: false }, { readOnly: true }),
      done: finish(({ value }) => value),
      nothing: nothing(() => "nothing to do"),
    },
    limits: { repeats: 2 },
    budget: { steps: 3 },
  });
