import { ForbiddenError } from "../base/errors.ts";
import type { Principal } from "../thread/events.ts";
import type { PendingApproval } from "../thread/state.ts";
import { comparePeople, type People } from "./people.ts";
import { matchesPrincipal, principalKey } from "./principal.ts";

/** Who may decide on this request now, as patterns; `null`: anybody whom a channel has verified. */
export function approversOf(request: PendingApproval): readonly string[] | null {
  const { approvers } = request.policy;
  return approvers === undefined ? null : [...approvers, ...request.escalatedTo];
}

/**
 * Throws `ForbiddenError` unless policy lets this person decide on this request. `requester`: who sent the latest
 * message to the thread; those who had done so when the request was made are known from the request. Where people must
 * be different and nobody can say whether they are, they count as one; a denial needs no proof of that, and who has
 * approved may still deny.
 */
export function requireApprover(
  request: PendingApproval,
  by: Principal,
  requester: Principal | null,
  people: People,
  decision: "approved" | "denied" = "approved",
): void {
  const who = principalKey(by);
  const allowed = approversOf(request);
  if (allowed !== null && !allowed.some((pattern) => matchesPrincipal(pattern, by))) {
    throw new ForbiddenError(`${who} may not decide on this; ${allowed.join(", ")} may`, { who, allowed });
  }
  if (request.policy.requesterMayApprove === false) {
    const requesters = requester === null ? request.requesters : [...request.requesters, requester];
    requireOther(
      by,
      requesters,
      people,
      decision,
      `${who} requested this and may not approve it; somebody else must`,
    );
  }
  // Who has approved may still stop it, as long as others are to agree.
  if (decision === "denied") return;
  const needed = request.policy.needed ?? 1;
  const approved = `${who} has approved already; ${needed} approvals of different people are needed`;
  requireOther(by, request.approvedBy, people, "approved", approved);
}

function requireOther(
  by: Principal,
  others: readonly Principal[],
  people: People,
  decision: "approved" | "denied",
  message: string,
): void {
  const who = principalKey(by);
  for (const other of others) {
    const comparison = comparePeople(by, other, people);
    if (comparison === "same") throw new ForbiddenError(message, { who, same: principalKey(other) });
    if (comparison === "different" || decision === "denied") continue;
    throw new ForbiddenError(
      `${who} may be the same person as ${principalKey(other)}, and different people are needed: ` +
        "say who is who under `people` in the configuration",
      { who, same: principalKey(other) },
    );
  }
}
