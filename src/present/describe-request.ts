import { isJsonObject, type Json } from "../base/json.ts";
import { describeReason } from "../humans/approval-reasons.ts";
import type { NewsNotice, UpdateNotice } from "../humans/channel.ts";
import type { People } from "../humans/people.ts";
import type { HumanRequest } from "../humans/request.ts";
import type { ApprovalCard } from "../thread/events.ts";
import type { PendingApproval } from "../thread/state.ts";
import { describeEvent } from "./describe-event.ts";
import { describeWay } from "./describe-way.ts";
import { countOf, inWords, visible, visibleLine } from "./visible-text.ts";
import { approversInWords, personInWords } from "./who-decides.ts";

/** One part of a request as people read it. */
export interface RequestPart {
  /**
   * `field`: an argument of the step. `words`: what the model wrote. `warning`: what to know before deciding. `note`: what a
   * short view may leave out.
   */
  readonly kind: "field" | "words" | "warning" | "note";
  readonly label: string;
  /** With its line breaks. */
  readonly text: string;
}

/** A request in words. Its texts can be shown as they are: hidden characters are visible in them, nothing is left out. */
export interface RequestInWords {
  /** One line. */
  readonly title: string;
  /** The question; empty for an approval. */
  readonly question: string;
  readonly parts: readonly RequestPart[];
  /** What an answer may be chosen from; `null`: it is free, or the request is no question. */
  readonly choices: readonly string[] | null;
}

/** A request as every channel shows it: all that the person who decides must see. `people` gives everybody their names. */
export function describeRequest(request: HumanRequest, people: People = {}): RequestInWords {
  const { asked } = request;
  const way = describeWay(request.path, request.agent);
  const about: RequestPart[] = way === "" ? [] : [note("For", way)];
  if (asked.type === "approval") {
    const { card } = asked;
    return {
      title: `Approval needed: ${visibleLine(card.title)}`,
      question: "",
      parts: [
        ...about,
        note("Step", visibleLine(card.intent)),
        ...cardParts(card, people),
        ...policyParts(asked, people),
      ],
      choices: null,
    };
  }
  const { format, choices = [] } = asked.options ?? {};
  const context = asked.context === undefined ? [] : [note("Context", visible(asked.context))];
  return {
    title: TITLES[asked.kind],
    question: visible(asked.question),
    parts: [...about, ...context],
    choices:
      format === "yes_no"
        ? ["yes", "no"]
        : format === "multiple_choice" && choices.length > 0
          ? choices.map((choice) => visibleLine(choice))
          : null,
  };
}

const TITLES: { readonly [K in Exclude<HumanRequest["kind"], "approval">]: string } = {
  question: "A question",
  escalation: "An agent is stuck",
  budget: "A budget is used up",
  provider: "The model cannot be reached",
  unknown_outcome: "Nobody knows whether a step did its work",
  version: "An agent has changed",
};

function cardParts(card: ApprovalCard, people: People): RequestPart[] {
  const fields = Object.entries(card.arguments).map(
    ([name, value]): RequestPart => ({ kind: "field", label: visibleLine(name), text: valueText(value) }),
  );
  const preview = card.preview === undefined ? [] : [warning("Would change", valueText(card.preview))];
  const reasons = card.reasons
    .filter((reason) => reason.kind !== "policy" || reason.because !== undefined)
    .map((reason) => {
      const { label, text } = describeReason(reason);
      return warning(label, visible(text));
    });
  const ways = Object.entries(card.rejectOptions ?? {}).map(([name, words]) =>
    note(`To refuse with ${visibleLine(name)}`, visible(words)),
  );
  return [
    ...fields,
    ...preview,
    ...saidParts(card),
    ...newerParts(card, people),
    ...failureParts(card),
    ...reasons,
    ...ways,
  ];
}

function saidParts({ said }: ApprovalCard): RequestPart[] {
  if (said === undefined) return [];
  const more = said.length - said.text.length;
  const rest = more > 0 ? ` … ${countOf(more, "more character")}` : "";
  return [{ kind: "words", label: "The model wrote", text: visible(said.text) + rest }];
}

function newerParts({ newer }: ApprovalCard, people: People): RequestPart[] {
  if (newer === undefined) return [];
  const earlier = newer.count - newer.latest.length;
  return [
    ...(earlier > 0 ? [warning("Sent since", `${countOf(earlier, "earlier message")}`)] : []),
    ...newer.latest.map(({ from, text, length }) => {
      const who = from === null ? "an unknown sender" : personInWords(from, people);
      const rest = length > text.length ? ` … ${countOf(length - text.length, "more character")}` : "";
      return warning(`Sent since by ${who}`, visible(text) + rest);
    }),
  ];
}

function failureParts({ failures }: ApprovalCard): RequestPart[] {
  if (failures === undefined) return [];
  const times = failures.count === 1 ? "once" : `${failures.count} times`;
  return failures.latest.map(({ at, message }) =>
    warning(`It has failed ${times}`, `${visibleLine(at)} ${visible(message)}`),
  );
}

function policyParts({ policy, approvedBy, expiresAt }: PendingApproval, people: People): RequestPart[] {
  const needed = policy.needed ?? 1;
  return [
    ...(policy.approvers === undefined
      ? []
      : [note("May approve", approversInWords(policy.approvers, people))]),
    ...(needed > 1 ? [note("Approvals", approvalsOf(approvedBy, needed, people))] : []),
    ...(expiresAt === undefined ? [] : [note("Expires", visibleLine(expiresAt))]),
  ];
}

/** "1 of 2, approved by Ada (web:ada)". */
function approvalsOf(approvedBy: PendingApproval["approvedBy"], needed: number, people: People): string {
  const names = approvedBy.map((one) => personInWords(one, people)).join(", ");
  return `${approvedBy.length} of ${needed}${names === "" ? "" : `, approved by ${names}`}`;
}

function warning(label: string, text: string): RequestPart {
  return { kind: "warning", label, text };
}

function note(label: string, text: string): RequestPart {
  return { kind: "note", label, text };
}

function valueText(value: Json): string {
  return visible(typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

/** What closed a request, in one line: "Ada (web:ada) approved". */
export function describeClosed({ by }: Pick<UpdateNotice, "by">): string {
  switch (by.type) {
    case "human_responded":
    case "request_expired":
    case "cancelled":
      return describeEvent(by).title;
    case "tool_finished":
    case "tool_failed":
      return "The outcome is known by now";
    default:
      return by satisfies never;
  }
}

/**
 * What is told of how a thread goes on. A failure's own words are for whoever runs the agent: they may name servers and files.
 */
export function describeNews(notice: NewsNotice): string {
  switch (notice.kind) {
    case "progress":
      return visible(notice.text);
    case "finished":
      return resultText(notice.result);
    case "failed":
      return "Something went wrong, and this could not be done.";
    case "cancelled":
      return notice.reason === null ? "This was cancelled." : `This was cancelled: ${visible(notice.reason)}`;
    default:
      return notice satisfies never;
  }
}

function resultText(result: Json): string {
  if (result === null || result === "") return "Done.";
  if (isJsonObject(result)) {
    const { message } = result;
    if (Object.keys(result).length === 1 && typeof message === "string") return visible(message);
    return Object.entries(result)
      .map(([name, value]) => `${inWords(name)}: ${valueText(value)}`)
      .join("\n");
  }
  return valueText(result);
}
