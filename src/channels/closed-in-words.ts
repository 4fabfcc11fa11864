import type { ClosedNotice } from "../humans/channel.ts";
import type { HumanRequest } from "../humans/request.ts";
import { describeClosed, describeRequest } from "../present/describe-request.ts";
import { visibleLine } from "../present/visible-text.ts";

/** What somebody is told who was asked and need not answer any more: short, in one line for each of both. */
export function closedInWords(notice: ClosedNotice, request: HumanRequest): string {
  const { title } = describeRequest(request);
  return `${visibleLine(title, 140)}\nYou need not answer any more: ${visibleLine(describeClosed(notice), 140)}.`;
}

/** Whether this person has said something to it over this channel, and knows. */
export function hasDecided({ by, request }: ClosedNotice, channel: string, id: string): boolean {
  const people = [
    ...(by.type === "human_responded" ? [by.data.by] : []),
    ...(request.type === "approval" ? request.approvedBy : []),
  ];
  return people.some((person) => person.channel === channel && person.id === id);
}
