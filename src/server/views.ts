import type { z } from "@hono/zod-openapi";
import { requestIdOf } from "../base/ids.ts";
import { describeReason } from "../humans/approval-reasons.ts";
import type { People } from "../humans/people.ts";
import { type HumanRequest, mayDecide, pendingRequest } from "../humans/request.ts";
import type { ThreadSummary } from "../store/store.ts";
import type { Principal } from "../thread/events.ts";
import type { PendingApproval, PendingQuestion } from "../thread/state.ts";
import type { Thread, ThreadHead } from "../thread/thread.ts";
import type { acceptedSchema, requestSchema, threadSchema, threadSummarySchema } from "./schemas.ts";

/** What the API shows of a thread in a list. */
export function summaryView(summary: ThreadSummary): z.infer<typeof threadSummarySchema> {
  const { threadId, agent, status, title, seq, createdAt, updatedAt, awaitedEvent, parentThreadId } = summary;
  const { pendingRequest, subject, requester, tokens } = summary;
  return {
    threadId,
    agent,
    status,
    title,
    subject,
    requester,
    tokens,
    seq,
    createdAt,
    updatedAt,
    awaitedEvent,
    parentThreadId,
    pendingRequest: pendingRequest === null ? null : requestIdOf(threadId, pendingRequest),
  };
}

/** The answer to a change: the thread's status now that the change is on disk. */
export function acceptedView({ id, state }: ThreadHead): z.infer<typeof acceptedSchema> {
  return { threadId: id, status: state.status.kind, seq: state.seq };
}

/** A thread as this person may see it. `below` is what the threads that work for it ask. */
export function threadView(
  { thread, below }: { readonly thread: Thread; readonly below: readonly HumanRequest[] },
  viewer: Principal,
  people: People,
): z.infer<typeof threadSchema> {
  const { id, state } = thread;
  const request = pendingRequest(thread);
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
    request: request === null ? null : requestView(request, viewer, people),
    below: below.map((one) => requestView(one, viewer, people)),
  };
}

function statusView(status: Thread["state"]["status"]): { kind: Thread["state"]["status"]["kind"] } {
  // The request is shown beside the status: no need to show it twice.
  if (status.kind === "awaiting_approval" || status.kind === "awaiting_human") return { kind: status.kind };
  return { ...status };
}

/** A request as this person may see it. */
export function requestView(
  request: HumanRequest,
  viewer: Principal,
  people: People,
): z.infer<typeof requestSchema> {
  const { id, threadId, agent, kind, urgency, accepts, reasons, askedAt, asked } = request;
  return {
    requestId: id,
    threadId,
    agent,
    path: [...request.path],
    type: asked.type,
    kind,
    urgency,
    askedAt,
    callId: asked.callId ?? null,
    accepts: accepts.filter(
      (kind) => kind !== "did_not_happen" || mayDecide(request, viewer, people, "did_not_happen"),
    ),
    to: request.to === null ? null : [...request.to],
    mayDecide: mayDecide(request, viewer, people),
    why: reasons.map((reason) => describeReason(reason).text),
    question: asked.type === "question" ? questionView(asked) : null,
    approval: asked.type === "approval" ? approvalView(request, asked, viewer, people) : null,
  };
}

function questionView(asked: PendingQuestion): z.infer<typeof requestSchema>["question"] {
  const { kind, question, context = null, options } = asked;
  if (options === undefined) return { kind, question, context, options: null };
  const { choices, ...shown } = options;
  return {
    kind,
    question,
    context,
    options: choices === undefined ? shown : { ...shown, choices: [...choices] },
  };
}

function approvalView(request: HumanRequest, asked: PendingApproval, viewer: Principal, people: People) {
  const { card, digest, policy, approvedBy } = asked;
  return {
    card: { ...card, reasons: [...card.reasons], preview: card.preview },
    digest,
    expiresAt: request.expiresAt,
    approvers: request.to === null ? null : [...request.to],
    needed: policy.needed ?? 1,
    approvedBy: [...approvedBy],
    mayDecide: mayDecide(request, viewer, people),
  };
}
