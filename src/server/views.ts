import type { z } from "@hono/zod-openapi";
import { type RequestId, requestIdOf } from "../base/ids.ts";
import { approversOf, requireApprover } from "../humans/approvers.ts";
import type { People } from "../humans/people.ts";
import type { ThreadSummary } from "../store/store.ts";
import type { HumanDecision, Principal } from "../thread/events.ts";
import type { PendingApproval, PendingQuestion } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { acceptedSchema, requestSchema, threadSchema, threadSummarySchema } from "./schemas.ts";

/** What the API shows of a thread in a list. */
export function summaryView(summary: ThreadSummary): z.infer<typeof threadSummarySchema> {
  const { threadId, agent, status, title, seq, createdAt, updatedAt, awaitedEvent, parentThreadId } = summary;
  const { pendingRequest } = summary;
  return {
    threadId,
    agent,
    status,
    title,
    seq,
    createdAt,
    updatedAt,
    awaitedEvent,
    parentThreadId,
    pendingRequest: pendingRequest === null ? null : requestIdOf(threadId, pendingRequest),
  };
}

/** What a change answers: where the thread stands now that it is on disk. */
export function acceptedView({ id, state }: Thread): z.infer<typeof acceptedSchema> {
  return { threadId: id, status: state.status.kind, seq: state.seq };
}

export function threadView(thread: Thread, viewer: Principal, people: People): z.infer<typeof threadSchema> {
  const { id, state } = thread;
  const { agent, status, title, seq, startedAt, requester, steps, usage } = state;
  return {
    threadId: id,
    agent,
    status: statusView(status),
    title,
    seq,
    startedAt,
    requester,
    steps,
    usage,
    request: requestView(thread, viewer, people) ?? null,
  };
}

function statusView(status: Thread["state"]["status"]): { kind: Thread["state"]["status"]["kind"] } {
  // The request stands beside the status; showing it twice helps nobody.
  if (status.kind === "awaiting_approval" || status.kind === "awaiting_human") return { kind: status.kind };
  return { ...status };
}

/** The pending request of a thread as the viewer may see it, or `undefined` when nothing is asked. */
export function requestView(
  thread: Thread,
  viewer: Principal,
  people: People,
): z.infer<typeof requestSchema> | undefined {
  const { request, agent } = thread.state;
  if (request === null) return undefined;
  const requestId: RequestId = requestIdOf(thread.id, request.seq);
  return {
    requestId,
    threadId: thread.id,
    agent,
    type: request.type,
    askedAt: request.askedAt,
    callId: request.callId ?? null,
    accepts: [...acceptedDecisions(request)],
    question: request.type === "question" ? questionView(request) : null,
    approval: request.type === "approval" ? approvalView(thread, request, viewer, people) : null,
  };
}

const OF_QUESTIONS: { readonly [K in PendingQuestion["kind"]]: readonly HumanDecision["kind"][] } = {
  question: ["answered"],
  escalation: ["approved", "answered", "denied"],
  budget: ["approved", "answered", "denied"],
  provider: ["approved", "answered", "denied"],
  unknown_outcome: ["happened", "did_not_happen", "denied"],
};

/** The kinds of decision that this request takes. */
export function acceptedDecisions(
  request: PendingApproval | PendingQuestion,
): readonly HumanDecision["kind"][] {
  return request.type === "approval" ? ["approved", "denied"] : OF_QUESTIONS[request.kind];
}

function questionView(request: PendingQuestion): z.infer<typeof requestSchema>["question"] {
  const { kind, question, context, options } = request;
  if (options === undefined) return { kind, question, context: context ?? null, options: null };
  const { choices, ...shown } = options;
  return {
    kind,
    question,
    context: context ?? null,
    options: choices === undefined ? shown : { ...shown, choices: [...choices] },
  };
}

function approvalView({ state }: Thread, request: PendingApproval, viewer: Principal, people: People) {
  const { card, digest, expiresAt, policy, approvedBy } = request;
  const approvers = approversOf(request);
  return {
    card: { ...card, reasons: [...card.reasons], preview: card.preview },
    digest,
    expiresAt: expiresAt ?? null,
    approvers: approvers === null ? null : [...approvers],
    needed: policy.needed ?? 1,
    approvedBy: [...approvedBy],
    mayDecide: mayDecide(request, viewer, state.requester, people),
  };
}

/** Whether policy lets this person decide on this request now. */
export function mayDecide(
  request: PendingApproval,
  by: Principal,
  requester: Principal | null,
  people: People,
): boolean {
  try {
    requireApprover(request, by, requester, people);
    return true;
  } catch {
    return false;
  }
}
