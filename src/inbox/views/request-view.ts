import type { Agent } from "../../agent/agent.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { type RequestId, requestIdOf, type ThreadId } from "../../base/ids.ts";
import type { JsonObject } from "../../base/json.ts";
import { approversOf, requireApprover } from "../../humans/approvers.ts";
import type { People } from "../../humans/people.ts";
import { principalKey } from "../../humans/principal.ts";
import { inWords, visible } from "../../present/visible-text.ts";
import { isIdempotent, isReadOnly } from "../../steps/permission.ts";
import type { HumanRequestKind, Principal } from "../../thread/events.ts";
import type { PendingApproval, PendingQuestion, PendingRequest } from "../../thread/state.ts";
import type { Thread } from "../../thread/thread.ts";

export type Urgency = "high" | "medium" | "low";

/** A short mark on a card, with what it means. */
export interface Label {
  readonly text: string;
  readonly meaning: string;
  readonly tone: "neutral" | "good" | "warn" | "bad";
}

/** A pending request as the list and its card show it. Holds nothing that depends on the time or on who looks. */
export interface RequestView {
  readonly id: RequestId;
  readonly threadId: ThreadId;
  readonly agent: string;
  readonly kind: "approval" | HumanRequestKind;
  readonly urgency: Urgency;
  /** What is asked, in one line. */
  readonly title: string;
  readonly askedAt: string;
  readonly expiresAt: string | null;
  readonly paused: boolean;
  readonly labels: readonly Label[];
  readonly request: PendingRequest;
  /** The call whose outcome nobody knows, where that is what is asked. */
  readonly call: { readonly intent: string; readonly arguments: JsonObject } | null;
  /** What the thread was asked to do: the latest message in it. */
  readonly goal: string;
}

/** The pending request of a thread, `null` where nothing is asked. Pure. */
export function requestView(thread: Thread, agent: Agent | undefined): RequestView | null {
  const { request, status } = thread.state;
  if (request === null) return null;
  return {
    id: requestIdOf(thread.id, request.seq),
    threadId: thread.id,
    agent: thread.state.agent,
    kind: request.type === "approval" ? "approval" : request.kind,
    urgency: urgencyOf(request),
    title: request.type === "approval" ? inWords(request.card.intent) : visible(request.question),
    askedAt: request.askedAt,
    expiresAt: request.type === "approval" ? (request.expiresAt ?? null) : null,
    paused: status.kind === "paused",
    labels: labelsOf(request, agent),
    request,
    call: callOf(thread, request),
    goal: goalOf(thread),
  };
}

function urgencyOf(request: PendingRequest): Urgency {
  if (request.type === "approval") return request.escalations > 0 ? "high" : "medium";
  if (request.kind === "unknown_outcome") return "high";
  return request.options?.urgency ?? "medium";
}

function callOf({ state }: Thread, request: PendingRequest): RequestView["call"] {
  if (request.type === "approval" || request.kind !== "unknown_outcome") return null;
  const call = state.calls.find(({ callId }) => callId === request.callId);
  if (call === undefined) return null;
  const { intent, ...args } = call.step;
  return { intent, arguments: args };
}

function goalOf({ events }: Thread): string {
  const message = events.findLast((event) => event.type === "message_received");
  if (message?.type === "message_received") return visible(message.data.text);
  const first = events.find((event) => event.type === "event_received");
  return first?.type === "event_received" ? `Event ${visible(first.data.name)}` : "";
}

const KIND_LABELS: { readonly [K in PendingQuestion["kind"]]: Label } = {
  question: { text: "Question", meaning: "The agent needs to know something.", tone: "neutral" },
  escalation: { text: "Stuck", meaning: "Too many errors, or the same step again and again.", tone: "warn" },
  budget: { text: "Budget", meaning: "A budget is used up. Go on?", tone: "warn" },
  provider: { text: "Model down", meaning: "The model's provider refuses or is down.", tone: "warn" },
  unknown_outcome: {
    text: "Unknown outcome",
    meaning: "A tool was started and nobody knows whether it did its work.",
    tone: "bad",
  },
};

function labelsOf(request: PendingRequest, agent: Agent | undefined): Label[] {
  if (request.type === "question") return [KIND_LABELS[request.kind]];
  return [...effectLabels(request, agent), ...request.card.reasons.map(reasonLabel)];
}

/** What the tool may do, as it declares itself. */
function effectLabels(request: PendingApproval, agent: Agent | undefined): Label[] {
  const definition = agent?.steps.get(request.card.intent);
  if (definition === undefined) return [];
  if (isReadOnly(definition)) {
    return [{ text: "Read-only", meaning: "The tool declares that it changes nothing.", tone: "good" }];
  }
  const repeatable = isIdempotent(definition);
  return [
    { text: "Has effects", meaning: "It changes something outside of this thread.", tone: "warn" },
    repeatable
      ? {
          text: "Repeatable",
          meaning: "After a crash it runs again without a second effect.",
          tone: "neutral",
        }
      : {
          text: "Runs once",
          meaning: "After a crash it is not repeated; a person decides.",
          tone: "neutral",
        },
  ];
}

function reasonLabel(reason: string): Label {
  const [name = "", ...rest] = reason.split(": ");
  const detail = visible(rest.join(": "));
  switch (name) {
    case "policy":
      return { text: "By policy", meaning: "This tool always needs a person's approval.", tone: "neutral" };
    case "judge":
      return { text: "Reviewer asks", meaning: detail, tone: "warn" };
    case "doubtful parse":
    case "doubtful_parse":
      return { text: "Unclear answer", meaning: `The model's text was not clear: ${detail}`, tone: "bad" };
    case "untrusted_content":
    case "untrusted content":
      return {
        text: "Untrusted content",
        meaning: "The thread holds text from outside that may try to steer the agent.",
        tone: "bad",
      };
    default:
      return { text: inWords(name), meaning: detail || visible(reason), tone: "warn" };
  }
}

/** Who may decide and who has, for one person who looks at the card. */
export interface Deciders {
  /** `null`: anybody who is signed in. */
  readonly allowed: readonly string[] | null;
  readonly requesterMayNot: boolean;
  readonly needed: number;
  readonly approvedBy: readonly Principal[];
  /** Why the person who looks may not approve or answer; `null`: they may. */
  readonly mayNot: string | null;
  readonly mayDeny: boolean;
  readonly hasApproved: boolean;
}

/** Pure; asks the same policy that `respond` will ask. */
export function decidersOf(
  thread: Thread,
  request: PendingRequest,
  viewer: Principal,
  people: People,
): Deciders {
  if (request.type === "question") {
    return {
      allowed: null,
      requesterMayNot: false,
      needed: 1,
      approvedBy: [],
      mayNot: null,
      mayDeny: true,
      hasApproved: false,
    };
  }
  return {
    allowed: approversOf(request),
    requesterMayNot: request.policy.requesterMayApprove === false,
    needed: request.policy.needed ?? 1,
    approvedBy: request.approvedBy,
    mayNot: objection(thread, request, viewer, people, "approved"),
    mayDeny: objection(thread, request, viewer, people, "denied") === null,
    hasApproved: request.approvedBy.some((person) => principalKey(person) === principalKey(viewer)),
  };
}

function objection(
  thread: Thread,
  request: PendingApproval,
  viewer: Principal,
  people: People,
  decision: "approved" | "denied",
): string | null {
  try {
    requireApprover(request, viewer, thread.state.requester, people, decision);
    return null;
  } catch (error) {
    if (TwelvefoldError.isInstance(error)) return visible(error.message);
    throw error;
  }
}

const RANK: { readonly [U in Urgency]: number } = { high: 0, medium: 1, low: 2 };

/** The order of the inbox: the most urgent first, of those the longest waiting first. */
export function byUrgency(a: RequestView, b: RequestView): number {
  return RANK[a.urgency] - RANK[b.urgency] || Date.parse(a.askedAt) - Date.parse(b.askedAt);
}
