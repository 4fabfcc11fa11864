import { ForbiddenError } from "../base/errors.ts";
import type { Principal } from "../thread/events.ts";
import type { PendingApproval, PendingQuestion, Requesters } from "../thread/state.ts";
import { comparePeople, type People } from "./people.ts";
import { matchesPrincipal, principalKey } from "./principal.ts";

/** What must be known of an approval to say who may decide on it. */
export interface ApprovalCase {
  readonly approval: Pick<PendingApproval, "policy" | "escalatedTo" | "approvedBy">;
  /** The current requesters, including anybody who has asked since the approval was requested. */
  readonly requesters: Requesters;
  readonly people: People;
}

/** Patterns of who may decide on this request now; `null` means anybody whom a channel has verified. */
export function approversOf({ policy, escalatedTo }: ApprovalCase["approval"]): readonly string[] | null {
  return policy.approvers === undefined ? null : [...policy.approvers, ...escalatedTo];
}

/** Why this person may not answer a question that is put to others, or `undefined`. Anybody may answer one put to nobody by name. */
export function objectionToAnswer({ to }: PendingQuestion, by: Principal): ForbiddenError | undefined {
  if (to === undefined || to.some((pattern) => matchesPrincipal(pattern, by))) return undefined;
  const who = principalKey(by);
  return new ForbiddenError(`${who} may not answer this; ${to.join(", ")} may`, { who, allowed: to });
}

/**
 * Why policy does not let this person make this decision, or `undefined` if it does. If people must be different but it is
 * not known whether they are, they count as one person. A denial needs no such proof, and somebody who has approved may
 * still deny.
 */
export function objectionTo(
  { approval, requesters, people }: ApprovalCase,
  by: Principal,
  decision: "approved" | "denied",
): ForbiddenError | undefined {
  const who = principalKey(by);
  const allowed = approversOf(approval);
  if (allowed !== null && !allowed.some((pattern) => matchesPrincipal(pattern, by))) {
    const may = allowed.length === 0 ? "nobody may" : `${allowed.join(", ")} may`;
    return new ForbiddenError(`${who} may not decide on this; ${may}`, { who, allowed });
  }
  return sameness({ approval, requesters, people }, by, decision);
}

/** What must be known of an approval to say whether the people whom it takes are different ones. */
export interface SamenessCase {
  readonly approval: Pick<PendingApproval, "policy" | "approvedBy">;
  readonly requesters: Requesters;
  readonly people: People;
}

/** Why this person is not another one than the requesters and those who have approved, where policy wants that. */
export function sameness(
  { approval, requesters, people }: SamenessCase,
  by: Principal,
  decision: "approved" | "denied",
): ForbiddenError | undefined {
  const who = principalKey(by);
  const { needed = 1, requesterMayApprove = true } = approval.policy;
  if (!requesterMayApprove) {
    if (requesters.unknown && decision === "approved") {
      const message = "it is not known who asked for this, and whoever did may not approve it: nobody may";
      return new ForbiddenError(message, { who });
    }
    const own = `${who} requested this and may not approve it; somebody else must`;
    const objection = sameAsOne(by, requesters.known, people, own);
    if (objection !== undefined && (decision === "approved" || objection.certain)) return objection.error;
  }
  // Somebody who has approved may still stop the step while other approvals are missing.
  if (decision === "denied") return undefined;
  const twice = `${who} has approved already; ${needed} approvals of different people are needed`;
  return sameAsOne(by, approval.approvedBy, people, twice)?.error;
}

/** The objection if this person is (`certain`), or may be, one of the others. */
function sameAsOne(
  by: Principal,
  others: readonly Principal[],
  people: People,
  message: string,
): { readonly certain: boolean; readonly error: ForbiddenError } | undefined {
  const who = principalKey(by);
  const compared = others.map((other) => ({ other, comparison: comparePeople(by, other, people) }));
  const same = compared.find(({ comparison }) => comparison === "same");
  if (same !== undefined) {
    return { certain: true, error: new ForbiddenError(message, { who, same: principalKey(same.other) }) };
  }
  const unknown = compared.find(({ comparison }) => comparison === "unknown");
  if (unknown === undefined) return undefined;
  const other = principalKey(unknown.other);
  const unsure =
    `${who} may be the same person as ${other}, and different people are needed: ` +
    "say who is who under `people` in the configuration";
  return { certain: false, error: new ForbiddenError(unsure, { who, same: other }) };
}
