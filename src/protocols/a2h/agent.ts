import { z } from "zod";
import { type Agent, defineAgent, type NextStepFunction } from "../../agent/agent.ts";
import { fields, optional } from "../../base/checks.ts";
import { UsageError } from "../../base/errors.ts";
import { dropUndefined, type JsonObject, toJson } from "../../base/json.ts";
import { checkOptions } from "../../base/options.ts";
import { APPROVAL_POLICY } from "../../humans/approval-policy.ts";
import { covers } from "../../humans/principal.ts";
import { visibleLine } from "../../present/visible-text.ts";
import type { Accepted } from "../../prompts/types.ts";
import { askHuman, finish, tool } from "../../steps/steps.ts";
import type { ApprovalPolicy } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";
import { A2H_AGENT } from "./agent-name.ts";

const spec = z.object({
  /** Patterns of who may answer; absent: whoever the policy lets. */
  to: z.array(z.string()).optional(),
});
/** A question, as its thread holds it. */
export const contactPayload = spec.extend({
  msg: z.string(),
  subject: z.string().optional(),
  choices: z.array(z.string()).optional(),
});
/** A call that needs approval, as its thread holds it. */
export const callPayload = spec.extend({
  fn: z.string(),
  kwargs: z.record(z.string(), z.unknown()),
  reject_options: z.record(z.string(), z.string()).optional(),
});

type Step =
  | {
      readonly intent: "human_contact";
      readonly msg: string;
      readonly subject?: string | undefined;
      readonly choices?: readonly string[] | undefined;
      readonly to?: readonly string[] | undefined;
    }
  | {
      readonly intent: "function_call";
      readonly fn: string;
      readonly kwargs: JsonObject;
      readonly to?: readonly string[] | undefined;
      readonly reject_options?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly intent: "answered" };

export interface A2hAgentOptions {
  /** Who may approve a call, and what happens if nobody does. Whoever asked may not, unless it says so. Default: anybody else. */
  readonly approval?: ApprovalPolicy | undefined;
}

const OPTIONS = fields({ approval: optional(APPROVAL_POLICY) });

/**
 * The agent behind A2H: each request of a program elsewhere is a thread of it, which asks people and ends with what they said. It is
 * code alone and asks no model. Put it among the `agents` of the configuration. Throws `UsageError` for a policy that could not hold.
 */
export function a2hAgent(options: A2hAgentOptions = {}): Agent {
  checkOptions("a2hAgent", OPTIONS, options);
  const { approval = {} } = options;
  const policy: ApprovalPolicy = { requesterMayApprove: false, ...approval };
  return defineAgent(nextStep, {
    name: A2H_AGENT,
    description: "Puts questions and calls of programs elsewhere to people.",
    version: "1",
    input: ({ thread }) => [thread],
    steps: {
      human_contact: askHuman(({ msg, subject, choices, to }) => ({
        question: msg,
        ...dropUndefined({
          context: subject,
          options: choices && ({ format: "multiple_choice", choices } as const),
          to,
        }),
      })),
      function_call: tool(() => ({ approved: true }), {
        approval: ({ to }) => (to === undefined ? policy : { ...policy, approvers: onBoth(policy, to) }),
        rejectOptions: ({ reject_options: options = {} }) => options,
        title: ({ fn }) => `Another program wants to call ${visibleLine(fn, 150)}`,
        version: "1",
        idempotent: true,
      }),
      answered: finish(() => "answered"),
    },
  });
}

/** Those whom the program names, as far as the policy lets them approve: a program narrows who may, and never widens it. */
function onBoth({ approvers = ["*:*"] }: ApprovalPolicy, to: readonly string[]): readonly string[] {
  return approvers.flatMap((one) =>
    to.flatMap((other) => (covers(one, other) ? [other] : covers(other, one) ? [one] : [])),
  );
}

/** What the program asked is the thread's first event; it is put to people once. */
const nextStep: NextStepFunction<[thread: Thread], Step> = {
  name: "A2H",
  version: "1",
  call: async ([thread]) => acceptStep(stepOf(thread)),
  request: async () => {
    throw new UsageError("invalid_argument", `the agent ${A2H_AGENT} asks no model`);
  },
  // The program that asked would not learn of an edit.
  parse: (raw) => ({
    ok: false,
    reason: "no_match",
    message: "What another program asks cannot be changed here: deny it, and say what it should ask instead.",
    completion: completionOf(raw),
  }),
};

function stepOf({ events }: Thread): Step {
  const [, asked] = events;
  const isAsked = events.some(({ type }) => type === "step_proposed");
  if (isAsked || asked?.type !== "event_received") return { intent: "answered" };
  const { name, payload } = asked.data;
  if (name === "human_contact") return { intent: name, ...contactPayload.parse(payload) };
  const { fn, kwargs, to, reject_options } = callPayload.parse(payload);
  const plain = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, toJson(value)]));
  return { intent: "function_call", fn, kwargs: plain, to, reject_options };
}

function acceptStep(value: Step): Accepted<Step> {
  const fidelity = { grade: "exact", reasons: [] } as const;
  return { ok: true, value, fidelity, more: [], completion: completionOf(JSON.stringify(value)) };
}

function completionOf(raw: string) {
  return { raw, client: "code", usage: null, durationMs: 0, requestDigest: "" };
}
