import { ConflictError } from "../base/errors.ts";
import { type RequestId, requestIdOf, type ThreadId } from "../base/ids.ts";
import type {
  ApprovalCard,
  ApprovalPolicy,
  ApprovalReason,
  HumanDecision,
  HumanRequestKind,
  HumanRequestOptions,
  Principal,
  ThreadAbove,
} from "../thread/events.ts";
import type { PendingRequest, Requesters } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import { approversOf, type ObjectionError, objectionTo, objectionToAnswer } from "./approvers.ts";
import type { UpdateNotice } from "./channel.ts";
import type { People } from "./people.ts";

export type Urgency = NonNullable<HumanRequestOptions["urgency"]>;

/** A request that is waiting for a person, as every page, command, channel and client sees it. */
export interface HumanRequest {
  readonly id: RequestId;
  readonly threadId: ThreadId;
  readonly agent: string;
  /** The threads that it works for: the topmost first, its parent last. Empty for a thread of its own. */
  readonly path: readonly ThreadAbove[];
  readonly kind: "approval" | HumanRequestKind;
  readonly urgency: Urgency;
  /** The kinds of decision that the request accepts. */
  readonly accepts: readonly HumanDecision["kind"][];
  /** Why a person must approve; `describeReason` puts each reason into words. Empty for anything but an approval. */
  readonly reasons: readonly ApprovalReason[];
  /** Patterns of who may decide; `null` means anybody whom a channel has verified. */
  readonly to: readonly string[] | null;
  /** What would run, and what else the approver is shown; `null` for anything but an approval. */
  readonly card: ApprovalCard | null;
  /** Names this version of the card; a decision must carry it. `null` for a request without a card. */
  readonly digest: string | null;
  /** ISO 8601, like `askedAt`; `null` if the request never expires. */
  readonly expiresAt: string | null;
  readonly askedAt: string;
  /** What the model wrote beside the step, in its own words; `null` if there is nothing, or it is not known. */
  readonly said: string | null;
  /** The request as it is in the thread's state: the question and its options, the policy, who has approved. */
  readonly asked: PendingRequest;
  /** Who has asked for something in the thread. */
  readonly requesters: Requesters;
  /**
   * Of an unknown outcome: the policy under which the call was approved, which was for one run. Only who may approve it may
   * have it run again. `null` if nobody had to approve it.
   */
  readonly approvedUnder: ApprovalPolicy | null;
}

const ACCEPTED: { readonly [K in HumanRequest["kind"]]: readonly HumanDecision["kind"][] } = {
  approval: ["approved", "denied"],
  question: ["answered"],
  escalation: ["approved", "answered", "denied"],
  budget: ["approved", "answered", "denied"],
  provider: ["approved", "answered", "denied"],
  unknown_outcome: ["happened", "did_not_happen", "denied"],
  version: ["approved", "denied"],
};

/** The request that a thread is waiting for, or `null`. Pure. */
export function pendingRequest(thread: ThreadHead): HumanRequest | null {
  const { request: asked, agent, requesters } = thread.state;
  if (asked === null) return null;
  const kind = asked.type === "approval" ? "approval" : asked.kind;
  const approval = asked.type === "approval" ? asked : null;
  return {
    id: requestIdOf(thread.id, asked.seq),
    threadId: thread.id,
    agent,
    path: thread.state.parent?.path ?? [],
    kind,
    urgency: urgencyOf(asked),
    accepts: ACCEPTED[kind],
    reasons: approval?.card.reasons ?? [],
    to: asked.type === "approval" ? approversOf(asked) : (asked.to ?? null),
    card: approval?.card ?? null,
    digest: approval?.digest ?? null,
    expiresAt: approval?.expiresAt ?? null,
    askedAt: asked.askedAt,
    said: approval?.card.said?.text ?? null,
    asked,
    requesters,
    approvedUnder:
      kind === "unknown_outcome"
        ? (thread.state.calls.find(({ callId }) => callId === asked.callId)?.approvedUnder ?? null)
        : null,
  };
}

/** The request that a notice of its change is about, as it was told. Pure. */
export function requestTold({
  thread,
  request,
}: Pick<UpdateNotice, "thread" | "request">): HumanRequest | null {
  return pendingRequest({ ...thread, state: { ...thread.state, request } });
}

/** The pending request with this id. If it is no longer pending, throws a `ConflictError` that says what is. */
export function requestOf(thread: ThreadHead, id: RequestId): HumanRequest {
  const request = pendingRequest(thread);
  if (request?.id === id) return request;
  const { kind: status } = thread.state.status;
  const pending = request === null ? "nothing is pending" : `${request.id} is pending`;
  throw new ConflictError("conflict", `request ${id} is closed: the thread is ${status} and ${pending}`, {
    details: { requestId: id, status, pending: request?.id ?? null },
  });
}

/** High after an escalation, and for an unknown outcome, which nobody else will notice. */
function urgencyOf(asked: PendingRequest): Urgency {
  if (asked.type === "approval") return asked.escalations > 0 ? "high" : "medium";
  return asked.kind === "unknown_outcome" ? "high" : (asked.options?.urgency ?? "medium");
}

/** The decisions that may be open to one person and not to another. */
export type Deciding = "approved" | "denied" | "did_not_happen";

/**
 * Whether this person may approve or answer the request now, or make another decision on it. `people` says who is who across
 * channels; without it, anybody who might be the requester may not.
 */
export function mayDecide(
  request: HumanRequest,
  by: Principal,
  people: People = {},
  decision: Deciding = "approved",
): boolean {
  return whyNot(request, by, decision, people) === undefined;
}

/** Why this person may not make this decision; `undefined` if they may. */
export function whyNot(
  { asked, requesters, approvedUnder: policy }: HumanRequest,
  by: Principal,
  decision: Deciding,
  people: People,
): ObjectionError | undefined {
  if (asked.type === "approval") {
    const kind = decision === "denied" ? decision : "approved";
    return objectionTo({ approval: asked, requesters, people }, by, kind);
  }
  const objection = objectionToAnswer(asked, by, people);
  if (objection !== undefined || decision !== "did_not_happen" || policy === null) return objection;
  const escalatedTo = (policy.escalation ?? []).flatMap(({ to }) => to);
  return objectionTo(
    { approval: { policy, escalatedTo, approvedBy: [] }, requesters, people },
    by,
    "approved",
  );
}
