import { checkPolicy, failClosed } from "../humans/approval-policy.ts";
import { inputsAfter } from "../humans/card-facts.ts";
import { lookAlikes } from "../humans/look-alikes.ts";
import { principalKey } from "../humans/principal.ts";
import type { ApprovalPolicy, ApprovalReason, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { StepDefinition } from "./definitions.ts";
import { secondQuestion } from "./second-question.ts";

/** Whether a step may run at once and, if not, what must happen first. */
export type Permission =
  | { readonly kind: "run" }
  | { readonly kind: "refuse"; readonly message: string }
  | {
      readonly kind: "approve";
      readonly policy: ApprovalPolicy;
      readonly reasons: readonly ApprovalReason[];
    };

const RANK = { exact: 2, tolerant: 1, doubtful: 0 } as const;

/** True if running the step again, or by mistake, changes nothing. */
export function isReadOnly(definition: StepDefinition<Step>): boolean {
  if (definition.kind !== "tool" && definition.kind !== "delegate") return true;
  return definition.options.readOnly === true;
}

/** True for work that changes nothing, of a tool or of another agent: it may be done at the same time as other such work. */
export function isReadOnlyWork(definition: StepDefinition<Step> | undefined): boolean {
  return (definition?.kind === "tool" || definition?.kind === "delegate") && isReadOnly(definition);
}

/** True if the step may run again under the same key after a crash. */
export function isIdempotent(definition: StepDefinition<Step>): boolean {
  return (
    definition.kind === "tool" &&
    (definition.options.readOnly === true || definition.options.idempotent === true)
  );
}

/** Who must agree before a step runs (`policy: null` means nobody), why, and what is wrong with the rule that says so. */
export interface DeclaredApproval {
  readonly policy: Omit<ApprovalPolicy, "because"> | null;
  readonly because?: string | undefined;
  readonly fault: string | undefined;
}

/** The longest reason on a card, in characters. */
const MAX_BECAUSE = 300;

/**
 * The approval that is declared for a step. If the rule throws or returns anything but a policy, somebody
 * else than the requesters is asked.
 */
export function approvalFor(
  definition: StepDefinition<Step>,
  call: OpenCall,
  thread: Thread,
): DeclaredApproval {
  const { approval = "never" } = definition.options;
  try {
    return readApproval(
      typeof approval === "function" ? approval(call.step, { thread, fidelity: call.fidelity }) : approval,
    );
  } catch (error) {
    return failClosed(`it failed: ${textOf(error instanceof Error ? error.message : error)}`);
  }
}

function readApproval(approval: unknown): DeclaredApproval {
  if (approval === "never") return { policy: null, fault: undefined };
  if (approval === "always") return { policy: {}, fault: undefined };
  if (typeof approval === "object" && approval !== null) {
    const { policy, fault } = checkPolicy(approval);
    const { because, ...rules } = policy;
    return { policy: rules, because: because === undefined ? undefined : endOfSentence(because), fault };
  }
  return failClosed(`it gave ${textOf(approval)}; wanted: "never", "always" or a policy`);
}

/** The reason without what the sentence around it says already. */
function endOfSentence(because: string): string {
  const text = because
    .trim()
    .replace(/^because\s+/i, "")
    .slice(0, MAX_BECAUSE)
    .toWellFormed();
  return text.replace(/\.+$/, "");
}

/** Why a person is asked, as far as the step's own rule says so. */
export function reasonOfRule({ because, fault }: DeclaredApproval): ApprovalReason {
  if (fault !== undefined) return { kind: "faulty_policy", fault };
  return because === undefined || because === "" ? { kind: "policy" } : { kind: "policy", because };
}

/** Anything may be thrown, also what cannot be made a text of. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "something that cannot be shown";
  }
}

/**
 * What must happen before this call may run, given its policy, its fidelity, its judge's verdict and, for a step with
 * `approveWhenUntrusted`, the sources of untrusted content in the thread. Pure.
 */
export function permissionFor(
  definition: StepDefinition<Step>,
  call: OpenCall,
  thread: Thread,
  untrusted: readonly string[] = [],
): Permission {
  const declared = approvalFor(definition, call, thread);
  const { policy } = declared;
  const reasons: ApprovalReason[] = policy === null ? [] : [reasonOfRule(declared)];
  if (definition.options.approveWhenUntrusted === true && untrusted.length > 0) {
    reasons.push({ kind: "untrusted", sources: untrusted });
  }
  if (call.phase.kind === "judged" && call.phase.verdict === "ask_person") {
    reasons.push({ kind: "judge", reason: call.phase.reason });
  }
  if (isTooDoubtful(definition, call)) {
    // If a person must look anyway, there is no second question: the model's words are on the card.
    if (reasons.length === 0 && thread.state.doubtfulRefusals === 0) {
      return { kind: "refuse", message: secondQuestion(call) };
    }
    reasons.push({ kind: "doubtful", doubts: call.fidelity.reasons });
  }
  if (reasons.length === 0) return { kind: "run" };
  return {
    kind: "approve",
    policy: policy ?? {},
    reasons: [...reasons, ...warnings(policy ?? {}, thread, call)],
  };
}

/** What an approver must know about the people who asked, what they have sent since, and those who may approve. */
export function warnings(policy: ApprovalPolicy, thread: Thread, { seq }: OpenCall): ApprovalReason[] {
  const { requesters } = thread.state;
  const found: ApprovalReason[] = lostApprovers(thread, seq).map((who) => ({ kind: "approver", who }));
  if (inputsAfter(thread, seq) !== undefined) found.push({ kind: "newer_input" });
  if (policy.requesterMayApprove === false && requesters.unknown) found.push({ kind: "unknown_requester" });
  const named = [
    ...requesters.known.map(principalKey),
    ...(policy.approvers ?? []),
    ...(policy.escalation ?? []).flatMap(({ to }) => to),
  ];
  const names = lookAlikes(named);
  return names.length === 0 ? found : [...found, { kind: "look_alike", names }];
}

/** Who approved this call, found out before it ran to be somebody who may not. */
function lostApprovers({ events }: Thread, seq: number): readonly string[] {
  const who = events
    .slice(seq)
    .flatMap(({ type, data }) =>
      type === "request_expired" && data.because?.kind === "approver" ? [data.because.who] : [],
    );
  return [...new Set(who)];
}

function isTooDoubtful(definition: StepDefinition<Step>, call: OpenCall): boolean {
  // An approver's edit was typed by a person: the model's fidelity says nothing about it.
  if (call.editedBy !== null) return false;
  const accepted = definition.options.accepts ?? (isReadOnly(definition) ? "doubtful" : "tolerant");
  return RANK[call.fidelity.grade] < RANK[accepted];
}
