import {
  type Agent,
  defineAgent,
  type ErrorLimits,
  type SeveralSteps,
  type WhenBusy,
} from "../../src/agent/agent.ts";
import type { Approval } from "../../src/steps/definitions.ts";
import { askHuman, finish, nothing, progress, sleep, tool, waitForEvent } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, type ScriptedSteps, scriptedSteps } from "../../src/testing/scripted-steps.ts";

export type FullStep =
  | { intent: "add"; a: number; b: number }
  | { intent: "pay"; amount: number; to: string }
  | { intent: "put"; value: number }
  | { intent: "fail"; message: string }
  | { intent: "refund"; amount: number }
  | { intent: "lookup"; id: string }
  | { intent: "nap"; seconds: number }
  | { intent: "await"; name: string }
  | { intent: "tell"; message: string }
  | { intent: "ask"; message: string }
  | { intent: "done"; message: string }
  | { intent: "nothing" };

export interface FullOptions {
  readonly severalSteps?: SeveralSteps;
  readonly whenBusy?: WhenBusy;
  readonly limits?: ErrorLimits;
  readonly steps?: number;
  readonly payVersion?: string;
  readonly payApproval?: Approval;
  /** Called while the model answers. */
  readonly onModel?: () => Promise<unknown>;
  /** Called while `pay` or `put` runs. */
  readonly onTool?: () => Promise<unknown>;
}

/** One step of every kind, with policies that look at the arguments, answering from a script. */
export function fullAgent(
  script: readonly ScriptedAnswer<FullStep>[],
  options: FullOptions = {},
): { readonly agent: Agent; readonly nextStep: ScriptedSteps<FullStep>; readonly ran: string[] } {
  const ran: string[] = [];
  const { payVersion, payApproval, onModel, onTool } = options;
  const scripted = scriptedSteps<FullStep>(script);
  const nextStep: ScriptedSteps<FullStep> = Object.create(scripted, {
    call: {
      value: async (...args: Parameters<typeof scripted.call>) => {
        await onModel?.();
        return scripted.call(...args);
      },
    },
  });
  const agent = defineAgent(nextStep, {
    name: "full",
    severalSteps: options.severalSteps ?? "first",
    whenBusy: options.whenBusy ?? "steer",
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.steps === undefined ? {} : { budget: { steps: options.steps } }),
    steps: {
      add: tool(({ a, b }) => a + b, { readOnly: true }),
      pay: tool(
        async ({ amount, to }, { key, signal }) => {
          ran.push(`${key} ${amount} ${to}`);
          await onTool?.();
          signal.throwIfAborted();
          return { paid: amount };
        },
        {
          approval: ({ amount }) =>
            payApproval ??
            (amount > 100 ? { needed: 2, expiresAfter: 3600 } : amount > 10 ? "always" : "never"),
          preview: ({ amount }) => ({ balance: 1000 - amount }),
          ...(payVersion === undefined ? {} : { version: payVersion }),
        },
      ),
      put: tool(
        async ({ value }) => {
          ran.push(`put ${value}`);
          await onTool?.();
          return value;
        },
        { idempotent: true },
      ),
      fail: tool(({ message }) => {
        throw new Error(message);
      }),
      refund: tool(({ amount }) => ran.push(`refund ${amount}`), {
        judge: ({ amount }) =>
          amount > 100
            ? { verdict: "refuse", reason: "too much" }
            : amount > 10
              ? { verdict: "ask_person", reason: "a person should look" }
              : { verdict: "pass", reason: "small" },
      }),
      lookup: tool(({ id }) => id, {
        readOnly: true,
        check: ({ id }) => (id === "known" ? undefined : `there is no ${id}`),
      }),
      nap: sleep(({ seconds }) => ({ seconds })),
      await: waitForEvent(({ name }) => ({ name, timeoutSeconds: 60 })),
      tell: progress(({ message }) => message),
      ask: askHuman(({ message }) => message),
      done: finish(({ message }) => message),
      nothing: nothing(() => "nothing to do"),
    },
  });
  return { agent, nextStep, ran };
}
