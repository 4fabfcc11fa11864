import type { Colors } from "picocolors/types.js";
import { describeReason } from "../humans/approval-reasons.ts";
import type { People } from "../humans/people.ts";
import type { Principal } from "../thread/events.ts";
import type { PendingApproval } from "../thread/state.ts";
import { describeField } from "./describe-field.ts";
import { countOf, visible, visibleLine } from "./visible-text.ts";
import { approversInWords, personInWords } from "./who-decides.ts";

/** For whom a card is written. */
export interface CardReader {
  readonly colors: Colors;
  /** Who is who. Default: nobody is known by name. */
  readonly people?: People | undefined;
  /** A moment as the reader's clock shows it. Default: as it is stored, in UTC. */
  readonly timeOf?: ((iso: string) => string) | undefined;
}

/** What an approver reads before deciding: every field in full. */
export function cardLines(
  { card, policy, approvedBy, expiresAt }: PendingApproval,
  { colors: c, people = {}, timeOf = (iso) => iso }: CardReader,
): string[] {
  const fields = Object.entries(card.arguments).map(([name, value]) => {
    const { unit } = describeField(name, card.descriptions?.[name]);
    const shown = showInFull(typeof value === "string" ? value : JSON.stringify(value));
    const line = typeof value === "number" && unit !== "" ? `${shown} ${unit}` : shown;
    return `    ${c.dim(`${visibleLine(name)}:`)} ${card.emphasis?.includes(name) ? c.bold(line) : line}`;
  });
  const needed = policy.needed ?? 1;
  return [
    `  ${c.bold(visibleLine(card.title))}`,
    ...fields,
    ...wroteLines(card, c),
    ...newerLines(card, c, people),
    ...failureLines(card, c, timeOf),
    ...(card.preview === undefined
      ? []
      : [`    ${c.dim("would change:")} ${showInFull(JSON.stringify(card.preview, null, 2))}`]),
    ...card.reasons
      .filter((reason) => reason.kind !== "policy" || reason.because !== undefined)
      .map((reason) => `    ${c.yellow(visibleLine(describeReason(reason).text, 1000))}`),
    ...(policy.approvers === undefined
      ? []
      : [`    ${c.dim(`may approve: ${approversInWords(policy.approvers, people)}`)}`]),
    ...(needed > 1
      ? [`    ${c.dim(`${approvedBy.length} of ${needed} approvals${approvedInWords(approvedBy, people)}`)}`]
      : []),
    ...Object.entries(card.rejectOptions ?? {}).map(
      ([name, words]) =>
        `    ${c.dim("to deny it, type")} ${visibleLine(name)}${c.dim(":")} ${showInFull(words)}`,
    ),
    ...(expiresAt === undefined ? [] : [`    ${c.dim(`expires at ${timeOf(expiresAt)}`)}`]),
  ];
}

function approvedInWords(approvedBy: readonly Principal[], people: People): string {
  const names = approvedBy.map((one) => personInWords(one, people));
  return names.length === 0 ? "" : `, by ${names.join(" and ")}`;
}

function wroteLines({ said }: PendingApproval["card"], c: Colors): string[] {
  if (said === undefined) return [];
  const more = said.length - said.text.length;
  const rest =
    more > 0
      ? [`      ${c.dim(`… ${more} more characters: \`twelvefold show --json\` prints them all`)}`]
      : [];
  return [`    ${c.dim("The model wrote:")}`, `      ${showInFull(said.text)}`, ...rest];
}

function newerLines({ newer }: PendingApproval["card"], c: Colors, people: People): string[] {
  if (newer === undefined) return [];
  const earlier = newer.count - newer.latest.length;
  return [
    `    ${c.yellow("Sent since the model proposed this:")}`,
    ...(earlier > 0 ? [`      ${c.dim(`… ${countOf(earlier, "earlier message")}`)}`] : []),
    ...newer.latest.map(({ from, text, length }) => {
      const who = from === null ? "an unknown sender" : personInWords(from, people);
      const rest = length > text.length ? ` … ${countOf(length - text.length, "more character")}` : "";
      return `      ${c.bold(who)}: ${showInFull(text)}${c.dim(rest)}`;
    }),
  ];
}

function failureLines(
  { failures }: PendingApproval["card"],
  c: Colors,
  timeOf: (iso: string) => string,
): string[] {
  if (failures === undefined) return [];
  return [
    `    ${c.yellow(`It has failed ${failures.count === 1 ? "once" : `${failures.count} times`}:`)}`,
    ...failures.latest.map(({ at, message }) => `      ${c.dim(timeOf(at))} ${showInFull(message)}`),
  ];
}

function showInFull(text: string): string {
  return visible(text).replace(/\n/g, "\n      ");
}
