import { ForbiddenError } from "../base/errors.ts";
import type { Principal } from "../thread/events.ts";
import type { PendingApproval, PendingQuestion, Requesters } from "../thread/state.ts";
import { comparePeople, nameOfPattern, nameOfPerson, type People } from "./people.ts";
import { matchesPrincipal, principalKey } from "./principal.ts";

/** What must be known of an approval to say who may decide on it. */
export interface ApprovalCase {
  readonly approval: Pick<PendingApproval, "policy" | "escalatedTo" | "approvedBy">;
  /** The current requesters, including anybody who has asked since the approval was requested. */
  readonly requesters: Requesters;
  readonly people: People;
}

/** Why somebody may not decide. */
export type Objection =
  /** They are not among those whom the policy or the question names. */
  | "not_named"
  /** Whoever asked may not approve, and nobody knows who that is. */
  | "unknown_requester"
  /** They asked for it themselves. */
  | "requester"
  /** They have approved already, and somebody else must. */
  | "approved_already"
  /** They may be one person with somebody who asked or approved: nobody has said who is who. */
  | "perhaps_same";

/** Somebody may not decide, and why. Its message names people as far as `people` knows them; `whyNotInWords` says it to that very person. */
export class ObjectionError extends ForbiddenError {
  readonly objection: Objection;

  constructor(objection: Objection, message: string, details: Readonly<Record<string, unknown>>) {
    super(message, details);
    this.objection = objection;
  }
}

/** Patterns of who may decide on this request now; `null` means anybody whom a channel has verified. */
export function approversOf({ policy, escalatedTo }: ApprovalCase["approval"]): readonly string[] | null {
  return policy.approvers === undefined ? null : [...policy.approvers, ...escalatedTo];
}

/** Why this person may not answer a question that is put to others, or `undefined`. Anybody may answer one put to nobody by name. */
export function objectionToAnswer(
  { to }: PendingQuestion,
  by: Principal,
  people: People = {},
): ObjectionError | undefined {
  if (to === undefined || to.some((pattern) => matchesPrincipal(pattern, by))) return undefined;
  const message = `${personIn(people, by)} may not answer this; ${allIn(people, to)} may`;
  return new ObjectionError("not_named", message, { who: principalKey(by), allowed: to });
}

/** How an error calls a person: by name, or else by the identity that the channel has verified. */
function personIn(people: People, person: Principal): string {
  return nameOfPerson(person, people) ?? principalKey(person);
}

function allIn(people: People, patterns: readonly string[]): string {
  return [...new Set(patterns.map((pattern) => nameOfPattern(pattern, people) ?? pattern))].join(", ");
}

const NOBODY =
  "nobody may: once the step's rule is corrected in the code, a message to the thread (npx twelvefold message) asks anew";

/**
 * Why policy does not let this person make this decision, or `undefined` if it does. If people must be different but it is
 * not known whether they are, they count as one person. A denial needs no such proof, and somebody who has approved may
 * still deny.
 */
export function objectionTo(
  { approval, requesters, people }: ApprovalCase,
  by: Principal,
  decision: "approved" | "denied",
): ObjectionError | undefined {
  const who = principalKey(by);
  const allowed = approversOf(approval);
  if (allowed !== null && !allowed.some((pattern) => matchesPrincipal(pattern, by))) {
    const may = allowed.length === 0 ? NOBODY : `${allIn(people, allowed)} may`;
    return new ObjectionError("not_named", `${personIn(people, by)} may not decide on this; ${may}`, {
      who,
      allowed,
    });
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
): ObjectionError | undefined {
  const who = principalKey(by);
  const { needed = 1, requesterMayApprove = true } = approval.policy;
  if (!requesterMayApprove) {
    if (requesters.unknown && decision === "approved") {
      const message = "it is not known who asked for this, and whoever did may not approve it: nobody may";
      return new ObjectionError("unknown_requester", message, { who });
    }
    const own = `${personIn(people, by)} requested this and may not approve it; somebody else must`;
    const objection = sameAsOne(by, requesters.known, people, { objection: "requester", message: own });
    if (objection !== undefined && (decision === "approved" || objection.certain)) return objection.error;
  }
  // Somebody who has approved may still stop the step while other approvals are missing.
  if (decision === "denied") return undefined;
  const twice = `${personIn(people, by)} has approved already; ${needed} approvals of different people are needed`;
  return sameAsOne(by, approval.approvedBy, people, { objection: "approved_already", message: twice })?.error;
}

/** The objection if this person is (`certain`), or may be, one of the others. */
function sameAsOne(
  by: Principal,
  others: readonly Principal[],
  people: People,
  { objection, message }: { readonly objection: Objection; readonly message: string },
): { readonly certain: boolean; readonly error: ObjectionError } | undefined {
  const who = principalKey(by);
  const compared = others.map((other) => ({ other, comparison: comparePeople(by, other, people) }));
  const same = compared.find(({ comparison }) => comparison === "same");
  if (same !== undefined) {
    return {
      certain: true,
      error: new ObjectionError(objection, message, { who, same: principalKey(same.other) }),
    };
  }
  const unknown = compared.find(({ comparison }) => comparison === "unknown");
  if (unknown === undefined) return undefined;
  const other = principalKey(unknown.other);
  const unsure =
    `${personIn(people, by)} may be the same person as ${personIn(people, unknown.other)}, and different people are needed: ` +
    "say who is who under `people` in the configuration";
  return { certain: false, error: new ObjectionError("perhaps_same", unsure, { who, same: other }) };
}
