import { nameOfPattern, nameOfPerson, type People } from "../humans/people.ts";
import { principalKey } from "../humans/principal.ts";
import type { HumanRequest } from "../humans/request.ts";
import type { Principal } from "../thread/events.ts";
import { fullNameOf, patternInWords } from "./people.ts";
import { visible } from "./visible-text.ts";

/**
 * A person's name: the one in the configuration, which is nobody's own choice; else the name they go by, with the identity
 * that the channel has verified.
 */
export function personInWords(person: Principal, people: People): string {
  const name = nameOfPerson(person, people);
  return name === undefined ? fullNameOf(person) : visible(name);
}

/** Those whom a pattern of a policy names: a person by name, or a group in words. */
export function approverInWords(pattern: string, people: People): string {
  const name = nameOfPattern(pattern, people);
  return name === undefined ? patternInWords(pattern) : visible(name);
}

/** All whom the patterns name, each once. */
export function approversInWords(patterns: readonly string[], people: People): string {
  if (patterns.length === 0) return "nobody";
  return [...new Set(patterns.map((pattern) => approverInWords(pattern, people)))].join(", ");
}

/** Who may decide on a request, and how many of them must. */
export interface DecidersCase {
  readonly request: HumanRequest;
  /** For whom it is told: they are "you". */
  readonly viewer: Principal | null;
  /** Whether the viewer may approve or answer. */
  readonly mayDecide: boolean;
  readonly people: People;
}

/**
 * Who may still decide, in words: "you or Bob", "you and one of 4 others", "Ada and Bob". Those who have approved already
 * are left out, and so are those who asked if they may not approve.
 */
export function decidersInWords({ request, viewer, mayDecide, people }: DecidersCase): string {
  const { asked, to, requesters } = request;
  const { policy, approvedBy } = asked.type === "approval" ? asked : { policy: {}, approvedBy: [] };
  const nameOf = (one: Principal) => personInWords(one, people);
  const excluded = policy.requesterMayApprove === false ? requesters.known.map(nameOf) : [];
  const gone = new Set([...approvedBy.map(nameOf), ...excluded]);
  const own = viewer === null ? [] : [nameOf(viewer), principalKey(viewer)];
  const patterns = to ?? ["*:*"];
  const others = [...new Set(patterns.map((pattern) => approverInWords(pattern, people)))].filter(
    (name) => !gone.has(name) && !own.includes(name),
  );
  const left = Math.max(1, (policy.needed ?? 1) - approvedBy.length);
  const openToMany = patterns.some((pattern) => pattern.endsWith(":*"));
  const who = openToMany
    ? amongMany(others, left, mayDecide)
    : mayDecide
      ? withYou(others, left)
      : withoutYou(others, left);
  if (excluded.length === 0 || !openToMany) return who;
  const asking = [...new Set(excluded.map((name) => (own.includes(name) ? "you" : name)))].slice(0, 3);
  return `${who}, but not ${join(asking, "or")}, who asked for it`;
}

/** Names that are shown; of more, only the number. */
const MAX_NAMED = 3;

function withYou(others: readonly string[], left: number): string {
  if (left === 1) return join(["you", ...shorten(others)], "or");
  const more = left - 1;
  if (others.length === more && more <= MAX_NAMED) return join(["you", ...others], "and");
  const group = others.length > MAX_NAMED ? `${others.length} others` : join(others, "and");
  return `you and ${numberInWords(more)} of ${group}`;
}

function withoutYou(others: readonly string[], left: number): string {
  if (others.length === 0) return "nobody";
  if (left === 1) return join(shorten(others), "or");
  if (others.length === left && left <= MAX_NAMED) return join(others, "and");
  const group = others.length > MAX_NAMED ? `${others.length} people` : join(others, "and");
  return `${numberInWords(left)} of ${group}`;
}

/** Where a pattern names a whole channel or everybody, nobody knows how many that are. */
function amongMany(others: readonly string[], left: number, withViewer: boolean): string {
  const group = join(shorten(others), "or");
  if (!withViewer) return left === 1 ? group : `${numberInWords(left)} people: ${group}`;
  const elseWhere = group.replace(/^anybody who/, "anybody else who");
  return left === 1 ? `you or ${elseWhere}` : `you and ${numberInWords(left - 1)} more: ${elseWhere}`;
}

function shorten(names: readonly string[]): readonly string[] {
  return names.length <= MAX_NAMED + 1
    ? names
    : [...names.slice(0, MAX_NAMED), `one of ${names.length - MAX_NAMED} others`];
}

function join(names: readonly string[], word: "and" | "or"): string {
  if (names.length <= 1) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}

const NUMBERS = ["no", "one", "two", "three", "four", "five"];

function numberInWords(count: number): string {
  return NUMBERS[count] ?? String(count);
}
