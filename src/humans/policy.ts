import { ForbiddenError } from "../base/errors.ts";
import type { Principal } from "../thread/events.ts";
import type { PendingApproval } from "../thread/state.ts";
import { matchesPrincipal, principalKey } from "./principal.ts";

/** Who may decide on this request now, as patterns; `null`: anybody whom a channel has verified. */
export function approversOf(request: PendingApproval): readonly string[] | null {
  const { approvers } = request.policy;
  return approvers === undefined ? null : [...approvers, ...request.escalatedTo];
}

/**
 * Throws `ForbiddenError` unless policy lets this person decide on this request. `requester`: who sent the latest message
 * to the thread; those who had done so when the request was made are known from the request.
 */
export function requireApprover(request: PendingApproval, by: Principal, requester: Principal | null): void {
  const who = principalKey(by);
  const allowed = approversOf(request);
  if (allowed !== null && !allowed.some((pattern) => matchesPrincipal(pattern, by))) {
    throw new ForbiddenError(`${who} may not decide on this; ${allowed.join(", ")} may`, { who, allowed });
  }
  const requesters = requester === null ? request.requesters : [...request.requesters, requester];
  if (
    request.policy.requesterMayApprove === false &&
    requesters.some((person) => principalKey(person) === who)
  ) {
    throw new ForbiddenError(`${who} requested this and may not approve it; somebody else must`, { who });
  }
  if (request.approvedBy.some((person) => principalKey(person) === who)) {
    throw new ForbiddenError(
      `${who} has approved already; ${needed(request)} of different people are needed`,
      { who },
    );
  }
}

function needed(request: PendingApproval): string {
  return `approvals ${request.policy.needed ?? 1}`;
}
