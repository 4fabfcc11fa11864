import { type Check, list, record } from "../base/checks.ts";
import type { Principal } from "../thread/events.ts";
import { matchesPrincipal, PATTERN, samePrincipal, spellPattern } from "./principal.ts";

/**
 * Who is who: each person's name, with every principal by which a channel knows that person, e.g.
 * `{ ada: ["*:ada", "slack:U012AB3CD"] }`. Patterns are those of policies. The list of a person must be complete: a
 * principal that is missing from it counts as a different person.
 */
export type People = Readonly<Record<string, readonly string[]>>;

/** A list for each person; a pattern that can match nobody would let one person count as two. */
export const PEOPLE: Check = record(list(PATTERN));

/** The person's name, with a capital letter; `undefined` if `people` gives none or several. */
export function nameOfPerson(person: Principal, people: People): string | undefined {
  return onlyName(namesOf(person, people));
}

/** The name of the person whom a pattern of a policy names; `undefined` if it names many, or nobody known by name. */
export function nameOfPattern(pattern: string, people: People): string | undefined {
  const spelled = spellPattern(pattern);
  const colon = pattern.indexOf(":");
  const one = { channel: pattern.slice(0, colon), id: pattern.slice(colon + 1) };
  const isOne = !pattern.endsWith(":*") && !pattern.startsWith("*:");
  const names = Object.entries(people).flatMap(([name, patterns]) =>
    patterns.some((other) => spellPattern(other) === spelled || (isOne && matchesPrincipal(other, one)))
      ? [name]
      : [],
  );
  return onlyName(names);
}

function onlyName([name, ...others]: readonly string[]): string | undefined {
  return name === undefined || others.length > 0 ? undefined : name.charAt(0).toUpperCase() + name.slice(1);
}

export type Comparison = "same" | "different" | "unknown";

/**
 * Whether two principals are one person. A channel tells its own people apart; across channels only `people` can tell,
 * and if it lists neither principal, nothing is known.
 */
export function comparePeople(one: Principal, other: Principal, people: People): Comparison {
  if (samePrincipal(one, other)) return "same";
  const names = namesOf(one, people);
  const otherNames = namesOf(other, people);
  if (names.some((name) => otherNames.includes(name))) return "same";
  if (names.length > 0 || otherNames.length > 0) return "different";
  return one.channel === other.channel ? "different" : "unknown";
}

function namesOf(principal: Principal, people: People): readonly string[] {
  return Object.entries(people).flatMap(([name, patterns]) =>
    patterns.some((pattern) => matchesPrincipal(pattern, principal)) ? [name] : [],
  );
}
