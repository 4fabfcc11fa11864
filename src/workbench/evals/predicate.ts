import { type Check, check, list, numberFrom, oneOf, text } from "../../base/checks.ts";
import { canonicalJson, isJsonArray, isJsonObject, type Json, toJson } from "../../base/json.ts";
import type { Predicate } from "./dataset.ts";

type Operator = {
  /** What the dataset may say. */
  readonly takes: Check;
  holds(value: Json | undefined, wanted: Json): boolean;
  /** What was wanted, after "must". */
  readonly words: string;
};

const number = numberFrom(-Number.MAX_VALUE, Number.MAX_VALUE);
const json = check((value) => (value === undefined ? "must be there" : undefined));

const compareNumbers = (holds: (value: number, wanted: number) => boolean, words: string): Operator => ({
  takes: number,
  holds: (value, wanted) => typeof value === "number" && typeof wanted === "number" && holds(value, wanted),
  words,
});

const OPERATORS: Readonly<Record<string, Operator>> = {
  equals: {
    takes: json,
    holds: (value, wanted) => value !== undefined && areEqual(value, wanted),
    words: "be",
  },
  oneOf: {
    takes: list(json, 1),
    holds: (value, wanted) =>
      value !== undefined && isJsonArray(wanted) && wanted.some((one) => areEqual(value, one)),
    words: "be one of",
  },
  contains: { takes: json, holds: contains, words: "contain" },
  matches: {
    takes: check((value) =>
      typeof value === "string" && regularExpression(value) !== undefined
        ? undefined
        : "must be a regular expression",
    ),
    holds: (value, wanted) =>
      typeof value === "string" &&
      typeof wanted === "string" &&
      regularExpression(wanted)?.test(value) === true,
    words: "match",
  },
  above: compareNumbers((value, wanted) => value > wanted, "be above"),
  atLeast: compareNumbers((value, wanted) => value >= wanted, "be at least"),
  below: compareNumbers((value, wanted) => value < wanted, "be below"),
  atMost: compareNumbers((value, wanted) => value <= wanted, "be at most"),
  absent: {
    takes: oneOf([true]),
    holds: (value) => value === undefined || value === null,
    words: "be absent:",
  },
  not: {
    takes: (value) => PREDICATE(value),
    holds: (value, wanted) => problemOf(value, wanted) !== undefined,
    words: "not be",
  },
};

/** What a dataset may say of a field. An object is operators; one that is meant as a value stands under `equals`. */
export const PREDICATE: Check = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return json(value);
  const entries = Object.entries(value);
  if (entries.length === 0)
    return [{ path: [], message: `needs one of: ${Object.keys(OPERATORS).join(", ")}` }];
  return entries.flatMap(([name, wanted]) => {
    const operator = operatorOf(name);
    if (operator === undefined) {
      const message = `unknown expectation ${JSON.stringify(name)}; known: ${Object.keys(OPERATORS).join(", ")}; an object to be equal to stands under equals`;
      return [{ path: [name], message }];
    }
    return operator.takes(wanted).map(({ path, message }) => ({ path: [name, ...path], message }));
  });
};

export const FIELD_NAME = text();

/** What is wrong with a value, after the field's name; `undefined`: the predicate holds. */
export function problemOf(value: Json | undefined, predicate: Predicate): string | undefined {
  const wanted = toJson(predicate);
  const operators = isJsonObject(wanted) ? Object.entries(wanted) : [["equals", wanted] as const];
  for (const [name, operand] of operators) {
    const operator = operatorOf(name);
    if (operator === undefined || !operator.holds(value, operand)) {
      return `must ${operator?.words ?? name} ${canonicalJson(operand)}, not ${value === undefined ? "absent" : canonicalJson(value)}`;
    }
  }
  return undefined;
}

function operatorOf(name: string): Operator | undefined {
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
}

function areEqual(one: Json, other: Json): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

function contains(value: Json | undefined, wanted: Json): boolean {
  if (typeof value === "string")
    return value.includes(typeof wanted === "string" ? wanted : canonicalJson(wanted));
  return value !== undefined && isJsonArray(value) && value.some((one) => areEqual(one, wanted));
}

function regularExpression(source: string): RegExp | undefined {
  try {
    return source.startsWith("(?i)") ? new RegExp(source.slice(4), "iu") : new RegExp(source, "u");
  } catch {
    return undefined;
  }
}
