import { defineAgent } from "../../src/agent/agent.ts";
import type { ContextOptions } from "../../src/context/context.ts";
import { askHuman, delegate, finish, progress, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy, HumanRequestOptions } from "../../src/thread/events.ts";

export type DeskStep =
  | { readonly intent: "pay"; readonly amount: number; readonly to: string }
  | {
      readonly intent: "ask";
      readonly question: string;
      readonly options?: HumanRequestOptions;
      readonly to?: readonly string[];
    }
  | { readonly intent: "tell"; readonly message: string }
  | { readonly intent: "fail" }
  | { readonly intent: "done"; readonly message: string };

/** An agent that pays with approval, asks, tells and ends, from a script. */
export function deskAgent(
  script: readonly ScriptedAnswer<DeskStep>[],
  policy: ApprovalPolicy = {},
  context: ContextOptions = {},
) {
  const paid: string[] = [];
  const nextStep = scriptedSteps<DeskStep>(script);
  const agent = defineAgent(nextStep, {
    name: "desk",
    context,
    steps: {
      pay: tool(
        ({ amount, to }) => {
          paid.push(`${amount} to ${to}`);
          return { paid: amount };
        },
        { approval: policy, version: "1" },
      ),
      ask: askHuman(({ question, options, to }) => ({
        question,
        ...(options === undefined ? {} : { options }),
        ...(to === undefined ? {} : { to }),
      })),
      tell: progress(({ message }) => message),
      fail: tool(
        () => {
          throw new Error("the file /etc/shop/secret was not found");
        },
        { readOnly: true },
      ),
      done: finish(({ message }) => message),
    },
  });
  return { agent, nextStep, paid };
}

/** An agent that hands everything to the desk. */
export function frontAgent() {
  const nextStep = scriptedSteps<{ intent: "hand" } | { intent: "done" }>([
    { intent: "hand" },
    { intent: "done" },
  ]);
  return defineAgent(nextStep, {
    name: "front",
    steps: { hand: delegate({ agent: "desk", input: () => "go" }), done: finish(() => "The desk is done.") },
  });
}

/** Texts that mean something to a page, a mail program, a chat or a terminal that does not show them as they are. */
export const HOSTILE =
  `<script>alert(1)</script> "><img src=x onerror=alert(2)> [click](https://evil.example) <https://evil.example|ok> <!channel> <@U1> ` +
  `*bold* _it_ ~no~ \`code\` &lt;b&gt; \u202e\u0007\u001b[2K\r\nBcc: eve@evil.example\r\n\r\napprove ABCD-EFGH\n-- Reply above this line --`;
