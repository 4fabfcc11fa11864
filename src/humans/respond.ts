import { ConflictError, NotFoundError, UsageError } from "../base/errors.ts";
import { requestIdOf } from "../base/ids.ts";
import type { HumanDecision, NewEvent, Step } from "../thread/events.ts";
import type { PendingApproval, PendingQuestion } from "../thread/state.ts";
import type { Thread, ThreadHead } from "../thread/thread.ts";
import { objectionTo, objectionToAnswer } from "./approvers.ts";
import type { People } from "./people.ts";
import { identify, type VerifiedPrincipal } from "./principal.ts";
import { type HumanRequest, requestOf, whyNot } from "./request.ts";

/**
 * A person's response to a request. An approval or denial names the version of the card that was shown by its digest, or
 * says `null` for a request without a card.
 */
export type HumanResponse =
  | { readonly decision: HumanDecision; readonly digest: string | null }
  | {
      readonly decision: Exclude<HumanDecision, { readonly kind: "approved" | "denied" }>;
      readonly digest?: undefined;
    };

/** Checks an approver's edit against the step's type: the step to run, or what is wrong with it. */
export type ValidateEdit = (edited: Step) => { readonly step: Step } | { readonly problem: string };

/** A response, and what is needed to say whether it can be accepted. */
export interface ResponseCase {
  /** Sequence number of the asking event. */
  readonly seq: number;
  readonly response: HumanResponse;
  readonly by: VerifiedPrincipal;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly validateEdit: ValidateEdit;
  readonly people: People;
  /** The choices of a question as people read them. Default: as they are stored. */
  readonly choices?: readonly string[] | undefined;
}

/**
 * The event that records a response. Throws errors that say what would be accepted: `ConflictError` if the request is not
 * (or no longer) pending or the decision is about another version of the card, `ForbiddenError` if policy does not let
 * this person decide, `NotFoundError` if there never was such a request, `UsageError` for a decision of the wrong kind.
 * Pure. If the request is not pending, only a thread with its events can tell whether it ever was.
 */
export function responseEvent(thread: ThreadHead | Thread, attempt: ResponseCase): NewEvent {
  const request = requestAt(thread, attempt.seq);
  const { asked, accepts, kind } = request;
  const { decision } = attempt.response;
  if (!accepts.includes(decision.kind)) {
    throw new UsageError(
      "invalid_argument",
      `a request of kind ${kind} takes ${accepts.join(" or ")}, not ${decision.kind}`,
      { details: { accepted: accepts } },
    );
  }
  // An edit under a misspelt name would approve what was not meant.
  const unknown = Object.keys(decision).filter((name) => !FIELDS[decision.kind].includes(name));
  if (unknown.length > 0) {
    const message = `${decision.kind} has no ${unknown.join(", ")}; known: ${FIELDS[decision.kind].join(", ")}`;
    throw new UsageError("invalid_argument", message, { details: { unknown } });
  }
  if (decision.kind === "did_not_happen") {
    const objection = whyNot(request, attempt.by, decision.kind, attempt.people);
    if (objection !== undefined) throw objection;
  }
  return {
    type: "human_responded",
    data: {
      request: asked.seq,
      callId: asked.callId,
      digest: asked.type === "approval" ? asked.digest : undefined,
      decision:
        asked.type === "approval"
          ? approvalDecision(request, asked, attempt)
          : questionDecision(asked, decision, attempt),
      by: identify(attempt.by),
    },
  };
}

const FIELDS: { readonly [K in HumanDecision["kind"]]: readonly string[] } = {
  approved: ["kind", "editedStep"],
  denied: ["kind", "feedback", "option"],
  answered: ["kind", "text"],
  happened: ["kind", "result"],
  did_not_happen: ["kind"],
};

function requestAt(thread: ThreadHead | Thread, seq: number): HumanRequest {
  const id = requestIdOf(thread.id, seq);
  if (thread.state.request?.seq === seq) return requestOf(thread, id);
  const { type } = ("events" in thread ? thread.events[seq - 1] : undefined) ?? {};
  if (type === "approval_requested" || type === "human_asked") return requestOf(thread, id);
  throw new NotFoundError(`there is no request ${id}`, { requestId: id });
}

function approvalDecision(
  { requesters }: HumanRequest,
  approval: PendingApproval,
  { response: { decision, digest }, by, now, validateEdit, people }: ResponseCase,
): HumanDecision {
  if (decision.kind !== "approved" && decision.kind !== "denied") return decision;
  if (digest !== approval.digest) {
    throw new ConflictError(
      "conflict",
      typeof digest === "string"
        ? "this is about another version of the call; look at the card again"
        : "say which version of the card you decide on: its digest is missing",
      { details: { expected: approval.digest, received: digest } },
    );
  }
  if (approval.expiresAt !== undefined && Date.parse(approval.expiresAt) <= now) {
    throw new ConflictError("expired", `this request expired at ${approval.expiresAt}`);
  }
  const objection = objectionTo({ approval, requesters, people }, by, decision.kind);
  if (objection !== undefined) throw objection;
  if (decision.kind === "denied") return denial(decision, approval.card.rejectOptions);
  if (decision.editedStep === undefined) return decision;
  const { intent } = approval.card;
  if (decision.editedStep.intent !== intent) {
    throw new UsageError("invalid_argument", `an edit keeps the intent ${intent}; deny to change it`);
  }
  const validated = validateEdit(decision.editedStep);
  if ("problem" in validated)
    throw new UsageError("invalid_argument", `the edit is not valid: ${validated.problem}`);
  return { kind: "approved", editedStep: validated.step };
}

/**
 * A denial with the words of the option that it names, before those of the person. Where people can only write, the name of an
 * option alone is that option.
 */
function denial(
  decision: Extract<HumanDecision, { kind: "denied" }>,
  options: Readonly<Record<string, string>> = {},
): HumanDecision {
  const words = textOf(decision.feedback ?? "", "feedback");
  const said = words.trim();
  const isName = decision.option === undefined && Object.hasOwn(options, said);
  const option = isName ? said : decision.option;
  const feedback = isName || said === "" ? "" : words;
  if (option === undefined) return { kind: "denied", feedback };
  const meaning = Object.hasOwn(options, option) ? options[option] : undefined;
  if (meaning === undefined) {
    const valid = Object.keys(options);
    const known = valid.length === 0 ? "it has none" : `known: ${valid.join(", ")}`;
    throw new UsageError(
      "invalid_argument",
      `the request has no reject option ${JSON.stringify(option)}; ${known}`,
      {
        details: { valid },
      },
    );
  }
  return { kind: "denied", option, feedback: feedback === "" ? meaning : `${meaning}\n${feedback}` };
}

/** Programs without types may leave a text out, or give something else. */
function textOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new UsageError("invalid_argument", `${name} must be text, not ${JSON.stringify(value) ?? "absent"}`);
}

function questionDecision(
  asked: PendingQuestion,
  decision: HumanDecision,
  { by, choices, people }: ResponseCase,
): HumanDecision {
  const objection = objectionToAnswer(asked, by, people);
  if (objection !== undefined) throw objection;
  if (decision.kind === "denied") return denial(decision);
  return decision.kind === "answered"
    ? { kind: "answered", text: choose(asked, textOf(decision.text, "the answer"), choices) }
    : decision;
}

function choose(request: PendingQuestion, text: string, given?: readonly string[]): string {
  const { format, choices } = request.options ?? {};
  const valid = format === "yes_no" ? ["yes", "no"] : format === "multiple_choice" ? choices : undefined;
  if (valid === undefined || valid.length === 0) {
    if (text.trim() === "") throw new UsageError("invalid_argument", "the answer is empty");
    return text;
  }
  const shown = format === "multiple_choice" && given?.length === valid.length ? given : valid;
  const placeIn = (list: readonly string[]) =>
    list.findIndex((choice) => choice.toLowerCase() === text.trim().toLowerCase());
  const place = placeIn(shown);
  const match = valid[place >= 0 ? place : placeIn(valid)];
  if (match !== undefined) return match;
  throw new UsageError("invalid_argument", `answer with one of: ${shown.join(", ")}`, {
    details: { valid: shown },
  });
}
