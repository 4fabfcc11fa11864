import { dropUndefined } from "../base/json.ts";
import type { EventOf, Principal } from "./events.ts";
import { newsAfter, withNews } from "./news.ts";
import { addRequester, samePerson } from "./requesters.ts";
import type { CallPhase, OpenCall, PendingApproval, PendingQuestion, ThreadState } from "./state.ts";
import {
  type Change,
  close,
  closeBadly,
  currentCall,
  FRESH_COUNTS,
  findCall,
  oneLine,
  require,
  requireOpen,
  requirePhase,
  requireRequest,
  requireRunning,
  type Transitions,
  withPhase,
} from "./transition.ts";
import { updatesAfterRequest, updatesAfterTry } from "./updates.ts";

export const people: Transitions<
  | "human_asked"
  | "approval_requested"
  | "notified"
  | "human_responded"
  | "request_escalated"
  | "request_expired"
> = {
  human_asked(state, event) {
    requireRunning(state, event);
    const { kind, question, context, options, to, callId, version } = event.data;
    const request: PendingQuestion = {
      type: "question",
      seq: event.seq,
      askedAt: event.at,
      kind,
      question,
      deliveries: {},
      toUpdate: [],
      ...dropUndefined({ context, options, to, callId, version }),
    };
    const change = { request, title: oneLine(question) };
    if (kind !== "question" && kind !== "unknown_outcome") {
      require(callId === undefined, event, `a request of kind ${kind} belongs to no call`);
      require((kind === "version") === (version !== undefined), event, "a change of version is asked about");
      // It may come between any two events: a deploy waits for no step.
      if (kind === "version") return change;
      require(state.calls.length === 0, event, "a step is not settled yet");
      return change;
    }
    require(callId !== undefined, event, `a request of kind ${kind} belongs to a call`);
    const call = currentCall(state, event, callId);
    if (kind === "unknown_outcome") {
      requirePhase(call, event, ["unknown"]);
      return change;
    }
    requirePhase(call, event, ["proposed", "judged", "approved"]);
    return { ...change, ...withPhase(state, call, { kind: "awaiting_answer" }) };
  },

  approval_requested(state, event) {
    requireRunning(state, event);
    const { callId, card, policy, digest, expiresAt, since = event.at } = event.data;
    const call = currentCall(state, event, callId);
    requirePhase(call, event, ["proposed", "judged", "approved"]);
    const request: PendingApproval = {
      type: "approval",
      seq: event.seq,
      askedAt: since,
      callId,
      card,
      policy,
      digest,
      approvedBy: [],
      escalatedTo: [],
      escalations: 0,
      deliveries: {},
      toUpdate: [],
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    const asking: OpenCall = { ...call, ...NOT_APPROVED, phase: { kind: "awaiting_approval" } };
    return { request, title: oneLine(card.title), ...replaceCall(state, call, asking) };
  },

  notified(state, event) {
    const { request: seq, channel, ok, about, text, update } = event.data;
    if (about !== undefined && seq !== undefined) return { updates: updatesAfterTry(state, event) };
    if (about !== undefined) return { news: newsAfter(state, event) };
    if (text !== undefined) return { news: withNews(state, event) };
    if (seq === undefined) return {};
    const updates = updatesAfterRequest(state, event);
    const { request } = state;
    // A fork's request is its own, and those who were told of the original's know nothing of it.
    const isCopied = state.fork !== null && event.seq <= state.fork.seq;
    if (request?.seq !== seq || isCopied) return { updates };
    const attempts = (request.deliveries[channel]?.attempts ?? 0) + 1;
    const deliveries = { ...request.deliveries, [channel]: { ok, attempts, lastAt: event.at } };
    const isNoted = update !== true || request.toUpdate.includes(channel);
    const toUpdate = isNoted ? request.toUpdate : [...request.toUpdate, channel];
    return { updates, request: { ...request, deliveries, toUpdate } };
  },

  human_responded(state, event) {
    requireOpen(state, event);
    const request = requireRequest(state, event, event.data.request);
    require(event.data.callId ===
      request.callId, event, `the request is about ${request.callId ?? "no call"}`);
    return request.type === "approval"
      ? applyDecision(state, event, request)
      : applyAnswer(state, event, request);
  },

  request_escalated(state, event) {
    requireOpen(state, event);
    const request = requireRequest(state, event, event.data.request);
    require(request.type === "approval", event, "only an approval escalates");
    const escalatedTo = [...request.escalatedTo, ...event.data.to];
    return { request: { ...request, escalatedTo, escalations: request.escalations + 1, deliveries: {} } };
  },

  request_expired(state, event) {
    requireOpen(state, event);
    if (state.request === null) return lapse(state, event);
    const request = requireRequest(state, event, event.data.request);
    require(request.type === "approval", event, "only an approval expires");
    const call = findCall(state, event, request.callId);
    if (event.data.outcome === "deny") return { request: null, ...closeBadly(state, call) };
    return { request: null, ...withPhase(state, call, { kind: "proposed" }) };
  },
};

function applyDecision(
  state: ThreadState,
  event: EventOf<"human_responded">,
  request: PendingApproval,
): Change {
  const { decision, digest, by } = event.data;
  require(digest === request.digest, event, "the decision is about another version of this call");
  const call = findCall(state, event, request.callId);
  if (decision.kind === "denied") return { request: null, ...FRESH_COUNTS, ...closeBadly(state, call) };
  require(decision.kind === "approved", event, `an approval is approved or denied, not ${decision.kind}`);
  require(!request.approvedBy.some((person) =>
    samePerson(person, by),
  ), event, "this person has approved already");
  const needed = request.policy.needed ?? 1;
  const approvedBy = [...request.approvedBy, by];
  if (decision.editedStep !== undefined) {
    require(decision.editedStep.intent === call.proposed.intent, event, "an edit keeps the intent");
    // Where several people must agree, they must all agree to the same arguments: ask them anew.
    const edited: OpenCall = { ...call, step: decision.editedStep, editedBy: by };
    const next: OpenCall =
      needed > 1 ? { ...edited, phase: { kind: "proposed" } } : approve(edited, request, approvedBy);
    return { request: null, ...replaceCall(state, call, next) };
  }
  if (approvedBy.length < needed) return { request: { ...request, approvedBy } };
  // Whether the call succeeds is yet to be seen: an approval sets no count of errors back.
  return { request: null, ...replaceCall(state, call, approve(call, request, approvedBy)) };
}

function approve(
  call: OpenCall,
  { seq, digest, card, policy, expiresAt }: PendingApproval,
  by: readonly Principal[],
): OpenCall {
  const until = expiresAt === undefined ? {} : { expiresAt };
  const phase: CallPhase = { kind: "approved", digest, card, policy, by, request: seq, ...until };
  return { ...call, approvedBy: by, approvedUnder: policy, phase };
}

const NOT_APPROVED = { approvedBy: [], approvedUnder: null } as const;

/** An approval that was given in time, and not used in time: it is worth nothing any more. */
function lapse(state: ThreadState, event: EventOf<"request_expired">): Change {
  const call = state.calls[0];
  const isGiven = call?.phase.kind === "approved" && call.phase.request === event.data.request;
  require(call !== undefined && isGiven, event, "no request is pending");
  require(event.data.outcome === "ask_again", event, "an approval that was given is asked for again");
  return replaceCall(state, call, { ...call, ...NOT_APPROVED, phase: { kind: "proposed" } });
}

function replaceCall(state: ThreadState, call: OpenCall, next: OpenCall): Change {
  return { calls: state.calls.map((open) => (open === call ? next : open)) };
}

function applyAnswer(
  state: ThreadState,
  event: EventOf<"human_responded">,
  request: PendingQuestion,
): Change {
  const { decision } = event.data;
  switch (request.kind) {
    case "question": {
      require(decision.kind === "answered", event, `a question is answered, not ${decision.kind}`);
      require(request.callId !== undefined, event, "the question belongs to no call");
      const call = findCall(state, event, request.callId);
      const requesters = addRequester(state.requesters, event.data.by);
      return { request: null, requesters, ...FRESH_COUNTS, ...close(state, call) };
    }
    case "unknown_outcome":
      return settledByPerson(state, event, request);
    case "version": {
      if (decision.kind === "denied") return { request: null, stop: { reason: decision.feedback } };
      require(decision.kind ===
        "approved", event, `this request is approved or denied, not ${decision.kind}`);
      return { request: null, version: request.version?.to ?? null };
    }
    case "budget":
    case "escalation":
    case "provider": {
      if (decision.kind === "denied") return { request: null, stop: { reason: decision.feedback } };
      require(decision.kind === "approved" ||
        decision.kind ===
          "answered", event, `this request is approved, answered or denied, not ${decision.kind}`);
      // Guidance is acted on like any answer.
      const requesters =
        decision.kind === "answered" ? addRequester(state.requesters, event.data.by) : state.requesters;
      if (request.kind !== "budget" || state.reachedBudget === null)
        return { request: null, requesters, ...FRESH_COUNTS };
      const extensions = {
        ...state.extensions,
        [state.reachedBudget]: state.extensions[state.reachedBudget] + 1,
      };
      return {
        request: null,
        requesters,
        ...FRESH_COUNTS,
        reachedBudget: null,
        extensions,
        stepsSinceExtension: 0,
      };
    }
    default:
      return request.kind satisfies never;
  }
}

function settledByPerson(
  state: ThreadState,
  event: EventOf<"human_responded">,
  request: PendingQuestion,
): Change {
  require(request.callId !== undefined, event, "the request belongs to no call");
  const call = findCall(state, event, request.callId);
  const { phase } = call;
  require(phase.kind === "unknown", event, `call ${call.callId} is ${phase.kind}`);
  switch (event.data.decision.kind) {
    case "happened":
      return { request: null, ...FRESH_COUNTS, ...close(state, call) };
    case "did_not_happen":
      return {
        request: null,
        ...FRESH_COUNTS,
        ...withPhase(state, call, { kind: "to_run_again", key: phase.key, attempt: phase.attempt }),
      };
    case "denied":
      return { request: null, ...FRESH_COUNTS, ...closeBadly(state, call) };
    case "approved":
    case "answered":
      require(false, event, "say whether it happened, did not happen, or to give up");
      return {};
    default:
      return event.data.decision satisfies never;
  }
}
