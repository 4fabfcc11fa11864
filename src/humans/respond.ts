import { ConflictError, NotFoundError, UsageError } from "../base/errors.ts";
import { requestIdOf } from "../base/ids.ts";
import type { HumanDecision, NewEvent, Step } from "../thread/events.ts";
import type { PendingQuestion, PendingRequest } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { requireApprover } from "./approvers.ts";
import type { People } from "./people.ts";
import type { VerifiedPrincipal } from "./principal.ts";

/** A person's response to a request. For an approval, `digest` names the version of the card that was shown. */
export interface HumanResponse {
  readonly decision: HumanDecision;
  readonly digest?: string;
}

/** Checks an approver's edit against the step's type: the step to run, or what is wrong with it. */
export type ValidateEdit = (edited: Step) => { readonly step: Step } | { readonly problem: string };

/**
 * The event that records a response, or an error that says what would be accepted: `ConflictError` when the request
 * is not pending (any more) or the decision is about another version, `ForbiddenError` when policy does not let this
 * person decide, `UsageError` for a decision of the wrong kind. Pure; nothing is changed.
 */
export function responseEvent(
  thread: Thread,
  requestSeq: number,
  response: HumanResponse,
  by: VerifiedPrincipal,
  now: number,
  validateEdit: ValidateEdit,
  people: People,
): NewEvent {
  const request = pendingRequest(thread, requestSeq);
  const decision =
    request.type === "approval"
      ? approvalDecision(thread, request, response, by, now, validateEdit, people)
      : questionDecision(request, response.decision);
  return {
    type: "human_responded",
    data: {
      request: request.seq,
      ...(request.callId === undefined ? {} : { callId: request.callId }),
      ...(request.type === "approval" ? { digest: request.digest } : {}),
      decision,
      by: { channel: by.channel, id: by.id, ...(by.name === undefined ? {} : { name: by.name }) },
    },
  };
}

function pendingRequest(thread: Thread, requestSeq: number): PendingRequest {
  const { request, status } = thread.state;
  if (request?.seq === requestSeq) return request;
  const id = requestIdOf(thread.id, requestSeq);
  const asked = thread.events[requestSeq - 1];
  if (asked?.type !== "approval_requested" && asked?.type !== "human_asked") {
    throw new NotFoundError(`there is no request ${id}`, { requestId: id });
  }
  const pending =
    request === null ? "nothing is pending" : `${requestIdOf(thread.id, request.seq)} is pending`;
  throw new ConflictError(
    "conflict",
    `request ${id} is closed: the thread is ${status.kind} and ${pending}`,
    {
      details: { requestId: id, status: status.kind },
    },
  );
}

function approvalDecision(
  thread: Thread,
  request: Extract<PendingRequest, { type: "approval" }>,
  { decision, digest }: HumanResponse,
  by: VerifiedPrincipal,
  now: number,
  validateEdit: ValidateEdit,
  people: People,
): HumanDecision {
  if (decision.kind !== "approved" && decision.kind !== "denied") {
    throw new UsageError("invalid_argument", `an approval is approved or denied, not ${decision.kind}`);
  }
  if (digest !== request.digest) {
    throw new ConflictError(
      "conflict",
      digest === undefined
        ? "say which version of the card you decide on: its digest is missing"
        : "this is about another version of the call; look at the card again",
      { details: { expected: request.digest, received: digest } },
    );
  }
  if (request.expiresAt !== undefined && Date.parse(request.expiresAt) <= now) {
    throw new ConflictError("expired", `this request expired at ${request.expiresAt}`);
  }
  requireApprover(request, by, thread.state.requester, people, decision.kind);
  if (decision.kind === "denied" || decision.editedStep === undefined) return decision;
  if (decision.editedStep.intent !== request.card.intent) {
    throw new UsageError(
      "invalid_argument",
      `an edit keeps the intent ${request.card.intent}; deny to change it`,
    );
  }
  const validated = validateEdit(decision.editedStep);
  if ("problem" in validated)
    throw new UsageError("invalid_argument", `the edit is not valid: ${validated.problem}`);
  return { kind: "approved", editedStep: validated.step };
}

const ACCEPTED: { readonly [K in PendingQuestion["kind"]]: readonly HumanDecision["kind"][] } = {
  question: ["answered"],
  escalation: ["approved", "answered", "denied"],
  budget: ["approved", "answered", "denied"],
  provider: ["approved", "answered", "denied"],
  unknown_outcome: ["happened", "did_not_happen", "denied"],
};

function questionDecision(request: PendingQuestion, decision: HumanDecision): HumanDecision {
  const accepted = ACCEPTED[request.kind];
  if (!accepted.includes(decision.kind)) {
    throw new UsageError(
      "invalid_argument",
      `a request of kind ${request.kind} takes ${accepted.join(", ")}, not ${decision.kind}`,
      { details: { accepted } },
    );
  }
  if (decision.kind !== "answered") return decision;
  const choice = choose(request, decision.text);
  return { kind: "answered", text: choice };
}

function choose(request: PendingQuestion, text: string): string {
  const { format, choices } = request.options ?? {};
  const valid = format === "yes_no" ? ["yes", "no"] : format === "multiple_choice" ? choices : undefined;
  if (valid === undefined || valid.length === 0) {
    if (text.trim() === "") throw new UsageError("invalid_argument", "the answer is empty");
    return text;
  }
  const match = valid.find((choice) => choice.toLowerCase() === text.trim().toLowerCase());
  if (match === undefined) {
    throw new UsageError("invalid_argument", `answer with one of: ${valid.join(", ")}`, {
      details: { valid },
    });
  }
  return match;
}
