import { z } from "zod";
import { count, durationSeconds } from "../base/options.ts";
import type { ApprovalPolicy } from "../thread/events.ts";
import { patternSchema } from "./principal.ts";

const FIELDS = {
  approvers: z.array(patternSchema),
  needed: count,
  requesterMayApprove: z.boolean(),
  expiresAfter: durationSeconds,
  onExpiry: z.enum(["deny", "ask_again"]),
  escalation: z.array(z.strictObject({ after: durationSeconds, to: z.array(patternSchema).nonempty() })),
};

/** A policy as plain data. Unknown names are refused: a misspelt one must not go unnoticed. */
export const approvalPolicySchema = z
  .strictObject(FIELDS)
  .partial()
  .superRefine((policy, context) => {
    const problem = quorumProblem(policy);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

/** Why there can never be enough approvals, or `undefined`. */
function quorumProblem({ approvers, needed = 1, escalation = [] }: ApprovalPolicy): string | undefined {
  if (approvers === undefined) return undefined;
  const all = new Set([...approvers, ...escalation.flatMap(({ to }) => to)]);
  if (all.size === 0) return "approvers is empty: nobody could ever approve";
  if ([...all].some((one) => one.endsWith(":*")) || all.size >= needed) return undefined;
  return `${needed} approvals are needed, and only ${all.size} may approve`;
}

/** A policy that can be stored and read again, and what was wrong with it. */
export interface CheckedPolicy {
  readonly policy: ApprovalPolicy;
  readonly fault: string | undefined;
}

/**
 * What a policy function gave, made safe. A wrong policy asks a person all the same: of what it says, that is kept
 * which can be read and never lets more people decide; the fault is for the card.
 */
export function checkPolicy(value: object): CheckedPolicy {
  if ("then" in value) return { policy: {}, fault: "it gave a promise: a policy must be known at once" };
  const result = approvalPolicySchema.safeParse(value);
  if (result.success) return { policy: result.data, fault: undefined };
  const fault = result.error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`))
    .join("; ");
  return { policy: salvage(value), fault };
}

function salvage(value: object): ApprovalPolicy {
  const given = (name: string): unknown => Reflect.get(value, name);
  const { needed, requesterMayApprove } = {
    needed: given("needed"),
    requesterMayApprove: given("requesterMayApprove"),
  };
  return {
    approvers: salvageApprovers(given("approvers")),
    needed: FIELDS.needed.safeParse(Math.ceil(Number(needed))).data,
    // Whatever else it says there: it was not to be left open.
    requesterMayApprove: requesterMayApprove === undefined ? undefined : requesterMayApprove === true,
    expiresAfter: FIELDS.expiresAfter.safeParse(given("expiresAfter")).data,
    onExpiry: FIELDS.onExpiry.safeParse(given("onExpiry")).data,
    escalation: FIELDS.escalation.safeParse(given("escalation")).data,
  };
}

/** Names that match nobody let nobody in; without a list, anybody would be let in. */
function salvageApprovers(given: unknown): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.filter((one) => typeof one === "string");
}
