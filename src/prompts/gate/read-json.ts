import type { FidelityReason } from "../../base/fidelity.ts";
import { compareValues, isFields, isList } from "./compare.ts";
import { looseBreach, strictBreach, tooMany } from "./limits.ts";
import type { Candidate, ReadTools } from "./reading.ts";
import { hasConflictingKey, hasImpreciseInteger, shapeOf, withoutStrings } from "./scan.ts";
import { secondReading } from "./second-parser.ts";

/** Reads a text of strict JSON, whose value is `read`. */
export function readStrict(text: string, read: unknown, tools: ReadTools): Candidate {
  const breach = strictBreach(shapeOf(text, true), tools.limits);
  if (breach !== undefined) return { kind: "breach", breach };
  if (!longListsFit(read, tools))
    return { kind: "breach", breach: tooMany({ ...tools.limits, maxObjects: LONG }) };
  const parsed = tryParse(text, tools);
  if (parsed.kind === "misfit") return parsed;
  const reasons = new Set<FidelityReason>();
  compareValues(read, parsed.value, tools.aliases(), reasons);
  if (hasConflictingKey(text)) reasons.add("duplicate_key");
  if (hasImpreciseInteger(text)) reasons.add("imprecise_number");
  return { kind: "value", read: { value: parsed.value, reasons } };
}

/** Reads a text that is no strict JSON: BAML and a second parser repair it, each in its own way, and must agree. */
export function readLoose(text: string, closed: boolean, tools: ReadTools): Candidate {
  const breach = looseBreach(text, shapeOf(text, false), tools.limits);
  if (breach !== undefined) return { kind: "breach", breach };
  const parsed = tryParse(text, tools);
  if (parsed.kind === "misfit") return parsed;
  const reasons = new Set<FidelityReason>(["repaired_syntax"]);
  const outside = withoutStrings(text);
  if (holdsCommentedValue(text, outside)) reasons.add("several_objects");
  if (!closed) reasons.add("cut_off");
  if (/\.\.\.|…/.test(outside)) reasons.add("elided");
  if (HALF_NUMBER.test(outside) || holdsQuotes(parsed.value)) reasons.add("coerced_value");
  const second = secondReading(text);
  if (second === undefined) reasons.add("parsers_disagree");
  else compareRepairs(second.value, parsed.value, tools, reasons);
  return { kind: "value", read: { value: parsed.value, reasons } };
}

// An exponent without its digits: both parsers take it for none.
const HALF_NUMBER = /\d[eE][+-]?(?![\w.])/;
// Both parsers keep quotes that they do not know, and make one text of `"A1" or "B2"`.
const KEPT_QUOTES = /^\s*[«»„“”‟‘’‹›]|"\s+\S{1,6}\s+"|"\s*[|/,;+&]\s*"/;

const SINGLE_QUOTED = /(?<=[:,[{]\s*)'(?:[^'\\\n]|\\.)*'/g;
const COMMENT = /(?<!\w:)\/\/[^\n]*|\/\*[^*]*(?:\*(?!\/)[^*]*)*(?:\*\/)?|(?<![\w&])#[^\n]*/g;
const COMMENTED_VALUE = /[\d"'`{}[\]?]|\b(?:true|false|null)\b/;

/** True where a comment holds what could stand in the JSON: a value that was left out, or one to choose from. */
function holdsCommentedValue(text: string, outside: string): boolean {
  const plain = outside.replace(SINGLE_QUOTED, (quoted) => "_".repeat(quoted.length));
  // As it was written: quotes in a comment are part of what it says.
  return [...plain.matchAll(COMMENT)].some(({ index, 0: comment }) =>
    COMMENTED_VALUE.test(text.slice(index, index + comment.length)),
  );
}

/** True where a repaired text may hold quotes that were meant as JSON's. */
function holdsQuotes(value: unknown): boolean {
  if (typeof value === "string") return KEPT_QUOTES.test(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsQuotes);
}

function compareRepairs(
  second: unknown,
  parsed: unknown,
  tools: ReadTools,
  reasons: Set<FidelityReason>,
): void {
  // A list of one is the one; a list of more means that BAML chose.
  const single = isList(second) && !isList(parsed);
  if (single && second.length !== 1) reasons.add("several_objects");
  const differences = new Set<FidelityReason>();
  compareValues(single ? second[0] : second, parsed, tools.aliases(), differences);
  for (const difference of differences) {
    reasons.add(difference);
    if (difference === "coerced_value" || difference === "lost_value") reasons.add("parsers_disagree");
  }
}

type Parsed =
  | { readonly kind: "parsed"; readonly value: unknown }
  | { readonly kind: "misfit"; readonly error: unknown };

export function tryParse(text: string, tools: Pick<ReadTools, "parse">): Parsed {
  try {
    return { kind: "parsed", value: tools.parse(text) };
  } catch (error) {
    return { kind: "misfit", error };
  }
}

// BAML compares every element of an array with every other where the type wants a single value there: 1,000 objects
// take five seconds. Arrays of up to so many objects are parsed as they are.
const LONG = 24;

/**
 * True where every long array of objects stands where the type has a list: found out with each array cut to its first
 * two elements. Long arrays inside the third and later elements of another are not looked at but refused.
 */
function longListsFit(read: unknown, tools: ReadTools): boolean {
  const paths: string[][] = [];
  if (!findLong(read, [], paths)) return false;
  if (paths.length === 0) return true;
  const parsed = tryParse(JSON.stringify(cutLists(read)), tools);
  if (parsed.kind === "misfit") return false;
  return paths.every((path) => isListAt(parsed.value, path));
}

/** Collects the paths of long arrays; false where one cannot be checked. */
function findLong(value: unknown, path: string[], paths: string[][]): boolean {
  if (isList(value)) {
    if (value.filter((item) => typeof item === "object").length > LONG) paths.push(path);
    return value.every((item, index) => {
      const before = paths.length;
      return findLong(item, [...path, String(index)], paths) && (index < 2 || paths.length === before);
    });
  }
  if (!isFields(value)) return true;
  return Object.entries(value).every(([key, item]) => findLong(item, [...path, key], paths));
}

function cutLists(value: unknown): unknown {
  if (isList(value)) return value.slice(0, 2).map(cutLists);
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutLists(item)]));
}

function isListAt(value: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return isList(value);
  if (typeof value !== "object" || value === null) return false;
  if (Object.hasOwn(value, key)) return isListAt(Reflect.get(value, key), rest);
  // The key may be an alias of the field's name.
  return Object.values(value).some((item) => isListAt(item, rest));
}
