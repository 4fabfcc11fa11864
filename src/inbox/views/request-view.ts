import type { Agent } from "../../agent/agent.ts";
import type { JsonObject } from "../../base/json.ts";
import { describeReason } from "../../humans/approval-reasons.ts";
import { failuresOf } from "../../humans/card-facts.ts";
import { declaredTitle } from "../../humans/card-title.ts";
import { comparePeople, type People } from "../../humans/people.ts";
import { type Deciding, type HumanRequest, pendingRequest, type Urgency } from "../../humans/request.ts";
import { inWords, visible, visibleLine } from "../../present/visible-text.ts";
import { whyNotInWords } from "../../present/why-not.ts";
import { isReadOnly } from "../../steps/permission.ts";
import type { ApprovalReason, CardFailures, Principal } from "../../thread/events.ts";
import type { PendingQuestion, PendingRequest } from "../../thread/state.ts";
import type { Thread } from "../../thread/thread.ts";
import { goalOf } from "./about.ts";

/** A short mark on a card, with what it means. */
export interface Label {
  readonly text: string;
  readonly meaning: string;
  readonly tone: "neutral" | "good" | "warn" | "bad";
}

/** A pending request as the list and its card show it. Holds nothing that depends on the time or on who looks. */
export interface RequestView extends HumanRequest {
  /** The question, in one line. */
  readonly title: string;
  readonly paused: boolean;
  readonly labels: readonly Label[];
  /** The call whose outcome is unknown, if the request is about that. */
  readonly call: { readonly intent: string; readonly arguments: JsonObject } | null;
  /** Earlier failures of calls like it. For an approval they are on the card. */
  readonly failures: CardFailures | undefined;
  /** What the thread is about, in one line. */
  readonly goal: string;
  /** In words, what has changed since it was asked; `null`: nothing, as far as is known. */
  readonly changed: string | null;
}

/**
 * The pending request of a thread as people read it, `null` if nothing is asked. `changed`: see `changedSince`. Pure.
 */
export function requestView(
  thread: Thread,
  agent: Agent | undefined,
  changed: string | null = null,
): RequestView | null {
  const request = pendingRequest(thread);
  if (request === null) return null;
  const { asked } = request;
  return {
    ...request,
    title: titleOf(asked, request.agent),
    paused: thread.state.status.kind === "paused",
    labels: [...labelsOf(asked, agent), ...(changed === null ? [] : [changedLabel(changed)])],
    call: callOf(thread, asked),
    failures: failuresBefore(thread, asked),
    goal: goalOf(thread, agent),
    changed,
  };
}

function changedLabel(changed: string): Label {
  return { text: "Changed since", meaning: `Since it was asked, ${changed}.`, tone: "warn" };
}

/** The title that the step declares, or else its intent in words. */
export function titleOf(asked: PendingRequest, agent: string): string {
  if (asked.type === "question") return visible(asked.question);
  const declared = declaredTitle(asked.card, agent);
  return declared === null ? inWords(asked.card.intent) : visibleLine(declared);
}

function failuresBefore(thread: Thread, asked: PendingRequest): CardFailures | undefined {
  if (asked.type === "approval") return undefined;
  const call = thread.state.calls.find(({ callId }) => callId === asked.callId);
  return call === undefined ? undefined : failuresOf(thread, call);
}

function callOf({ state }: Thread, request: PendingRequest): RequestView["call"] {
  if (request.type === "approval" || request.kind !== "unknown_outcome") return null;
  const call = state.calls.find(({ callId }) => callId === request.callId);
  if (call === undefined) return null;
  const { intent, ...args } = call.step;
  return { intent, arguments: args };
}

const KIND_LABELS: { readonly [K in PendingQuestion["kind"]]: Label } = {
  question: { text: "Question", meaning: "The agent needs to know something.", tone: "neutral" },
  escalation: { text: "Stuck", meaning: "Too many errors, or the same step again and again.", tone: "warn" },
  budget: { text: "Budget", meaning: "A budget is used up. Go on?", tone: "warn" },
  provider: { text: "Model down", meaning: "The model's provider refuses or is down.", tone: "warn" },
  version: { text: "New version", meaning: "The agent was changed while the thread waited.", tone: "warn" },
  unknown_outcome: {
    text: "Unknown outcome",
    meaning: "A tool was started and nobody knows whether it did its work.",
    tone: "bad",
  },
};

function labelsOf(request: PendingRequest, agent: Agent | undefined): Label[] {
  if (request.type === "question") return [KIND_LABELS[request.kind]];
  const definition = agent?.steps.get(request.card.intent);
  const own = definition !== undefined && isReadOnly(definition) ? [ONLY_READS] : [];
  // That a rule asks for approval is what the page is about.
  return [...own, ...request.card.reasons.filter(({ kind }) => kind !== "policy").map(reasonLabel)];
}

const ONLY_READS: Label = {
  text: "Only reads",
  meaning: "The tool declares that it changes nothing.",
  tone: "good",
};

const TONES: { readonly [K in ApprovalReason["kind"]]: Label["tone"] } = {
  policy: "neutral",
  faulty_policy: "bad",
  untrusted: "bad",
  judge: "warn",
  doubtful: "bad",
  changed: "warn",
  unknown_requester: "bad",
  newer_input: "bad",
  approver: "warn",
  look_alike: "bad",
  other: "warn",
};

function reasonLabel(reason: ApprovalReason): Label {
  const { label, text } = describeReason(reason);
  return { text: label, meaning: visible(text), tone: TONES[reason.kind] };
}

/** Who may decide and who has decided, for the person looking at the card. */
export interface Deciders {
  /** `null`: anybody who is signed in. */
  readonly allowed: readonly string[] | null;
  readonly requesterMayNot: boolean;
  readonly needed: number;
  readonly approvedBy: readonly Principal[];
  /** Why the person who looks may not approve or answer; `null`: they may. */
  readonly mayNot: string | null;
  readonly mayDeny: boolean;
  /** Why the person who looks may not have the call run once more; `null`: they may, or it is not about that. */
  readonly mayNotRunAgain: string | null;
  readonly hasApproved: boolean;
}

/** Pure; asks the same policy that `respond` will ask. */
export function decidersOf(request: HumanRequest, viewer: Principal, people: People): Deciders {
  const { asked, to } = request;
  const { policy, approvedBy } = asked.type === "approval" ? asked : { policy: {}, approvedBy: [] };
  const words = (decision: Deciding) => whyNotInWords({ request, viewer, people, decision });
  return {
    allowed: to,
    requesterMayNot: policy.requesterMayApprove === false,
    needed: policy.needed ?? 1,
    approvedBy,
    mayNot: words("approved"),
    mayDeny: words("denied") === null,
    mayNotRunAgain: words("did_not_happen"),
    hasApproved: approvedBy.some((person) => comparePeople(person, viewer, people) === "same"),
  };
}

const RANK: { readonly [U in Urgency]: number } = { high: 0, medium: 1, low: 2 };

/** The order of the inbox: the most urgent first, of those the longest waiting first. */
export function byUrgency(a: RequestView, b: RequestView): number {
  return RANK[a.urgency] - RANK[b.urgency] || Date.parse(a.askedAt) - Date.parse(b.askedAt);
}
