import type { Principal } from "../thread/events.ts";
import { visible } from "./visible-text.ts";

/** A person's name, else their id. */
export function nameOf({ name, id }: Principal): string {
  return visible(name ?? id);
}

/** A person's name and identity, without ambiguity: "Ada (web:ada)". */
export function fullNameOf(person: Principal): string {
  const key = visible(`${person.channel}:${person.id}`);
  return person.name === undefined ? key : `${nameOf(person)} (${key})`;
}

/** A policy pattern in words: "web:ada", "anybody on slack", "ada on any channel". */
export function patternInWords(pattern: string): string {
  const colon = pattern.indexOf(":");
  const channel = pattern.slice(0, colon);
  const id = pattern.slice(colon + 1);
  if (colon < 0) return visible(pattern);
  if (channel === "*" && id === "*") return "anybody who is signed in";
  if (id === "*") return `anybody on ${visible(channel)}`;
  if (channel === "*") return `${visible(id)} on any channel`;
  return visible(pattern);
}
