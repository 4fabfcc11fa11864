import type { Enums } from "../baml/enums.ts";
import type { Aliases } from "../baml/source.ts";
import { isFields, isList } from "./compare.ts";
import { cut } from "./in-words.ts";
import { type ErrorNode, readParseError, unescapeRust } from "./parse-error.ts";
import { strictJson } from "./scan.ts";

/** What prompts call things by: the values of enums, and the fields that have an alias. */
interface Names {
  readonly enums: () => Enums;
  readonly aliases: () => Aliases;
}

type ShownNames = Aliases["shown"];

/**
 * What was wrong with an answer that fits no expected type, from BAML's error. For a union, at any depth, this is about
 * the nearest member. Written for the model that gave the answer. `read` is the JSON of the answer, if there was any.
 */
export function mismatch(error: unknown, read: unknown, names: Names): string {
  const root = readParseError(error);
  const place = { path: [], read, shown: names.aliases().shown };
  const enums = names.enums();
  const found =
    root === undefined ? assertion(error) : problemsOf(root, place).map((one) => nameValues(one, enums));
  const hasObject = isFields(read) || (isList(read) && read.some(isFields));
  const noObject = !hasObject && found.some((problem) => problem.startsWith("Missing required"));
  if (typeof read === "string" && isJsonText(read)) return describeMisfit([JSON_IN_A_STRING]);
  if (noObject || found.length === 0) return describeMisfit(["It holds no JSON object."]);
  const missing = found.flatMap((problem) => /^Missing required field: (\w+)\.$/.exec(problem)?.[1] ?? []);
  return describeMisfit([...wrappedArguments(read, missing), ...found]);
}

export const JSON_IN_A_STRING =
  "It is JSON text inside a string: write the JSON itself, without quotes around it.";

// More values than these would fill the message.
const MAX_VALUES = 40;
const WANTED = /^(?<place>(?:Field [\w.]+: )?)Expected (?<types>[\w ]+?), got /;

/** The values of an enum in place of its name, which a model may never have seen. */
function nameValues(problem: string, enums: Enums): string {
  const { place, types } = WANTED.exec(problem)?.groups ?? {};
  if (place === undefined || types === undefined) return problem;
  const wanted = types.split(" or ").flatMap((type) => {
    const values = enums.get(type.replace(/ enum value$/, ""));
    if (values === undefined) return [type];
    const named = values.slice(0, MAX_VALUES).map((value) => JSON.stringify(value));
    return values.length > MAX_VALUES ? [...named, "…"] : named;
  });
  return problem.replace(`${place}Expected ${types}`, () => `${place}Expected ${wanted.join(" or ")}`);
}

/** Fields are missing, and stand inside another: the arguments were written as other interfaces want them. */
export function wrappedArguments(read: unknown, missing: readonly string[]): readonly string[] {
  if (!isFields(read)) return [];
  const beside = Object.hasOwn(read, "intent") ? "as fields beside the intent" : "as fields of their own";
  return Object.entries(read).flatMap(([name, value]) => {
    const isText = typeof value === "string" && /^\s*\{/.test(value);
    const holds = (field: string) =>
      isText ? value.includes(field) : isFields(value) && Object.hasOwn(value, field);
    if (!missing.some(holds)) return [];
    const what = isText ? "JSON text" : "fields that are missing";
    return [`The field ${cut(name)} holds ${what}: write what it holds ${beside}.`];
  });
}

const MAX_PROBLEMS = 4;

/** The whole message about the given problems. */
export function describeMisfit(problems: readonly string[]): string {
  return [
    "The answer does not fit the expected form.",
    ...[...new Set(problems)].slice(0, MAX_PROBLEMS),
    "Answer with one JSON value of that form.",
  ].join(" ");
}

/** The message about a field that holds JSON text; `single`: where no list or object belongs. */
export function describeEncodedTwice(path: readonly string[], single = false): string {
  const what = single
    ? "a single value belongs there, no list or object"
    : "write the object or list itself, without quotes around it";
  return `The field ${path.join(".")} holds JSON text: ${what}.`;
}

/** True for a text that is the JSON of an object or a list. */
export function isJsonText(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  const value = strictJson(text);
  return isFields(value) || isList(value);
}

/** Where in an answer something is wrong. */
interface Place {
  readonly path: readonly string[];
  /** What stands there. */
  readonly read: unknown;
  readonly shown: ShownNames;
}

/** What the prompt calls a field that stands in `read`. */
function shownName(field: string, { read, shown }: Omit<Place, "path">): string {
  const names = [...(shown.get(field) ?? [field])];
  return names.find((name) => isFields(read) && Object.hasOwn(read, name)) ?? names.join(" or ");
}

/** What the prompt calls a field that is missing in `read`; a name that stands there is another field's, or the wrong one. */
function missingName(field: string, { read, shown }: Omit<Place, "path">): string {
  const names = [...(shown.get(field) ?? [field])];
  const absent = names.filter((name) => !isFields(read) || !Object.hasOwn(read, name));
  return (absent.length === 0 ? names : absent).join(" or ");
}

const FIELD = /^Failed to parse field (\w+):/;

function problemsOf({ reason, causes }: ErrorNode, place: Place): string[] {
  const field = FIELD.exec(reason)?.[1];
  if (field !== undefined) return problemsOfField(field, causes, place);
  if (reason.startsWith("Failed to find any")) return problemsOfUnion(causes, place, reason);
  if (causes.length > 0) return causes.flatMap((cause) => problemsOf(cause, place));
  return [sentence(reason, place)];
}

// Numbers, truth values and the like, or several of them.
const WANTS_SINGLE = /^(?:Expected|Failed to find any \((?:int|float|bool|string|null)\b)/;

function problemsOfField(field: string, causes: readonly ErrorNode[], place: Place): string[] {
  const { path, read, shown } = place;
  const name = shownName(field, place);
  const inside = [...path, name];
  const value = isFields(read) ? read[name] : undefined;
  const single = causes.every(({ reason }) => WANTS_SINGLE.test(reason));
  if (!single && typeof value === "string" && isJsonText(value)) return [describeEncodedTwice(inside)];
  return causes.flatMap((cause) => problemsOf(cause, { path: inside, read: value, shown }));
}

function problemsOfUnion(causes: readonly ErrorNode[], place: Place, reason: string): string[] {
  const literals = wantedLiterals(causes);
  if (literals !== undefined) {
    const field = [...place.path, shownName(literals.field, place)].join(".");
    return [`The field ${field} is ${literals.got}; it must be one of ${literals.wanted.join(", ")}.`];
  }
  const leaves = causes.every((cause) => cause.causes.length === 0);
  if (leaves && causes.length > 0) {
    const types = /\((.*)\)/.exec(reason)?.[1] ?? "";
    const got = GOT.exec(causes[0]?.reason ?? "")?.[1] ?? "";
    return [sentence(`Expected ${types}, got ${got}`, place)];
  }
  const nearest = causes.toSorted((a, b) => distance(a) - distance(b))[0];
  return nearest === undefined ? [] : problemsOf(nearest, place);
}

/** The nearer member of a union is the one with fewer problems; one with a different literal is far away. */
function distance(node: ErrorNode): number {
  const literal = node.causes.some(({ reason }) => LITERAL.test(reason));
  return Math.max(1, node.causes.length) + (literal ? 100 : 0);
}

const LITERAL = /^Failed to parse field (\w+): [\w.<>]+: Expected "((?:[^"\\]|\\.)*)"[^"]*, got (.*?)\.?$/s;

/** If every member of a union wants another literal, the literals are the choices. */
function wantedLiterals(
  causes: readonly ErrorNode[],
): { field: string; got: string; wanted: string[] } | undefined {
  const found = causes.map((cause) =>
    cause.causes.map(({ reason }) => LITERAL.exec(reason)).find((match) => match !== null),
  );
  const [first] = found;
  if (first === undefined || found.includes(undefined)) return undefined;
  const wanted = found.map((match) => JSON.stringify(match?.[2] ?? ""));
  return { field: first[1] ?? "", got: valueInWords(first[3] ?? ""), wanted };
}

const GOT = /, got (.*?)\.?$/s;
const EXPECTED = /^Expected (.*?), got (.*?)\.?$/s;

/** One problem in words, without the parser's own wording. */
function sentence(reason: string, at: Place): string {
  const { path } = at;
  const place = path.length === 0 ? "" : `Field ${path.join(".")}: `;
  const expected = EXPECTED.exec(reason);
  if (expected !== null) {
    return `${place}Expected ${typeInWords(expected[1] ?? "")}, got ${valueInWords(expected[2] ?? "")}.`;
  }
  const missing = /^Missing required field: (\w+)/.exec(reason)?.[1];
  if (missing !== undefined)
    return `Missing required field: ${[...path, missingName(missing, at)].join(".")}.`;
  return `${place}${cut(withoutTypes(reason.split("\n", 1)[0] ?? "").replace(/\.$/, ""), 200)}.`;
}

function withoutTypes(text: string): string {
  return text
    .replace(/ @stream\.\w+/g, "")
    .replace(/String\("((?:[^"\\]|\\.)*)", \w+\)/g, (_, value: string) => JSON.stringify(cut(value)));
}

function typeInWords(type: string): string {
  return cut(withoutTypes(type).replace(/[()]/g, "").replaceAll(" | ", " or "), 200);
}

/**
 * A value in Rust's debug output: `String("x", Complete)`, `Number(Number(1), Complete)`, `Object([…], Complete)`, …
 */
function valueInWords(debug: string): string {
  const text = /^String\("((?:[^"\\]|\\.)*)/s.exec(debug)?.[1];
  if (text !== undefined) return JSON.stringify(cut(unescapeRust(text)));
  const number = /^Number\((?:Number\()?(-?[\d.eE+-]+)/.exec(debug)?.[1];
  if (number !== undefined) return cut(number);
  const truth = /^Boolean\((\w+)/.exec(debug)?.[1];
  if (truth !== undefined) return truth;
  if (/^null/i.test(debug)) return "null";
  if (debug.startsWith("Array")) return "a list";
  if (debug.startsWith("Object")) return "an object";
  return "something else";
}

function assertion(error: unknown): string[] {
  const text = error instanceof Error ? error.message.slice(0, 10_000) : "";
  const failed = /Assertions? failed[^\n]*/i.exec(text)?.[0];
  return failed === undefined ? [] : [sentence(failed, { path: [], read: undefined, shown: new Map() })];
}
