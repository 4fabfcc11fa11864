import type { People } from "../../humans/people.ts";
import type { HumanRequest } from "../../humans/request.ts";
import { describeRequest } from "../../present/describe-request.ts";
import { markLines, partLine } from "../part-line.ts";
import { splitText } from "./split-text.ts";

/** So many messages are sent about one request; what needs more is not asked by text. */
const MAX_PARTS = 6;

/** The texts that ask somebody; without a way to approve if all of the card does not fit. */
export function composeRequest(
  request: HumanRequest,
  code: string,
  link: string | undefined,
  people?: People,
): readonly string[] {
  const { title, question, parts, choices } = describeRequest(request, people);
  const lines = [
    title,
    ...(question === "" ? [] : [markLines(question)]),
    ...parts.map(partLine),
    ...waysToAnswer(request, code, choices),
    ...(link === undefined ? [] : [link]),
  ];
  const texts = splitText(lines.join("\n"));
  if (texts.length <= MAX_PARTS) return texts;
  return [
    `${title.slice(0, 300).toWellFormed()}\nIt is too long for a text. Look at it ${link ?? "in the inbox"}`,
  ];
}

function waysToAnswer(
  { kind }: HumanRequest,
  code: string,
  choices: readonly string[] | null,
): readonly string[] {
  switch (kind) {
    case "approval":
      return [`Reply APPROVE ${code}, or DENY ${code} and why.`];
    case "question":
      return [`Reply ${code} and ${choices === null ? "your answer" : `one of: ${choices.join(", ")}`}.`];
    case "escalation":
    case "budget":
    case "provider":
      return [`Reply APPROVE ${code} to go on, ${code} and how, or DENY ${code} and why to stop.`];
    case "version":
      return [`Reply APPROVE ${code} to go on, or DENY ${code} and why to stop.`];
    case "unknown_outcome":
      return [`Reply DENY ${code} and why to give it up. Whether it happened is said in the inbox.`];
    default:
      return kind satisfies never;
  }
}
