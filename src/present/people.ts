import type { Principal } from "../thread/events.ts";
import { visibleLine } from "./visible-text.ts";

/** Ids and patterns are shown whole. */
const MAX_KEY = 2_000;

/** A person's name, else their id: one line. */
export function nameOf({ name, id }: Principal): string {
  return name === undefined ? visibleLine(id, MAX_KEY) : visibleLine(name);
}

/** A person's name and identity in one line, without ambiguity: "Ada (web:ada)". */
export function fullNameOf(person: Principal): string {
  const key = visibleLine(`${person.channel}:${person.id}`, MAX_KEY);
  return person.name === undefined ? key : `${nameOf(person)} (${key})`;
}

/** A policy pattern in words: "web:ada", "anybody on slack", "ada on any channel". */
export function patternInWords(pattern: string): string {
  const colon = pattern.indexOf(":");
  const channel = pattern.slice(0, colon);
  const id = pattern.slice(colon + 1);
  if (colon < 0) return visibleLine(pattern, MAX_KEY);
  if (channel === "*" && id === "*") return "anybody who is signed in";
  if (id === "*") return `anybody on ${visibleLine(channel, MAX_KEY)}`;
  if (channel === "*") return `${visibleLine(id, MAX_KEY)} on any channel`;
  return visibleLine(pattern, MAX_KEY);
}
