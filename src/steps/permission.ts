import type { ApprovalPolicy, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Approval, StepDefinition } from "./definitions.ts";

/** Whether a step may run at once, and if not, what must happen first. */
export type Permission =
  | { readonly kind: "run" }
  | { readonly kind: "refuse"; readonly message: string }
  | { readonly kind: "approve"; readonly policy: ApprovalPolicy; readonly reasons: readonly string[] };

const RANK = { exact: 2, tolerant: 1, doubtful: 0 } as const;

/** True when running the step again, or by mistake, changes nothing. */
export function isReadOnly(definition: StepDefinition<Step>): boolean {
  return definition.kind !== "tool" || definition.options.readOnly === true;
}

/** True when a crash may be followed by running it again under the same key. */
export function isIdempotent(definition: StepDefinition<Step>): boolean {
  return (
    definition.kind === "tool" &&
    (definition.options.readOnly === true || definition.options.idempotent === true)
  );
}

/** The declared approval for a step; a policy function that throws counts as `always`. */
export function approvalFor(definition: StepDefinition<Step>, call: OpenCall, thread: Thread): Approval {
  const { approval } = definition.options;
  if (typeof approval !== "function") return approval ?? "never";
  try {
    return approval(call.step, { thread, fidelity: call.fidelity });
  } catch {
    return "always";
  }
}

/**
 * Pure: what must happen before this call may run, from its policy, its fidelity, its judge's verdict and, for a step
 * that is careful about it, where untrusted content in the thread came from.
 */
export function permissionFor(
  definition: StepDefinition<Step>,
  call: OpenCall,
  thread: Thread,
  untrusted: readonly string[] = [],
): Permission {
  const declared = approvalFor(definition, call, thread);
  const reasons: string[] = [];
  if (declared !== "never") reasons.push("policy");
  if (definition.options.approveWhenUntrusted === true && untrusted.length > 0) {
    reasons.push(`untrusted content in the thread: ${untrusted.join(", ")}`);
  }
  if (call.phase.kind === "judged" && call.phase.verdict === "ask_person")
    reasons.push(`judge: ${call.phase.reason}`);
  if (isTooDoubtful(definition, call)) {
    const doubts = call.fidelity.reasons.join(", ");
    if (thread.state.doubtfulRefusals === 0) {
      return {
        kind: "refuse",
        message: `It is not clear that this is what you meant (${doubts}). Answer again with exactly one JSON object and nothing else.`,
      };
    }
    reasons.push(`doubtful parse: ${doubts}`);
  }
  if (reasons.length === 0) return { kind: "run" };
  return { kind: "approve", policy: typeof declared === "object" ? declared : {}, reasons };
}

function isTooDoubtful(definition: StepDefinition<Step>, call: OpenCall): boolean {
  // An approver's edit was typed by a person: the model's fidelity says nothing about it.
  if (call.editedBy !== null) return false;
  const accepted = definition.options.accepts ?? (isReadOnly(definition) ? "doubtful" : "tolerant");
  return RANK[call.fidelity.grade] < RANK[accepted];
}
