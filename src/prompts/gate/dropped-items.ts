import type { StepField } from "../baml/step-fields.ts";
import { isFields, isList } from "./compare.ts";
import { inWords } from "./in-words.ts";
import { describeEncodedTwice, isJsonText, wrappedArguments } from "./mismatch.ts";
import { type ReadTools, tryParse } from "./reading.ts";

// Only so many items are looked at for the one to name.
const MAX_TRIED = 12;

/**
 * What is wrong with the items of a list that the parser dropped, without an error, from a function's answer: all of
 * them, or steps. `undefined` if it dropped none, or the function returns no list. A list of other things that lost some is
 * left to the comparison.
 */
export function describeDropped(read: unknown, parsed: unknown, tools: ReadTools): string | undefined {
  if (tools.kind !== "list" || !isList(parsed) || read === null || read === undefined) return undefined;
  const items = isList(read) ? read : [read];
  const lostAll = items.length > 0 && parsed.length === 0;
  const areSteps =
    tools.intents !== undefined || parsed.some((item) => isFields(item) && Object.hasOwn(item, "intent"));
  const lostStep = areSteps && items.length > parsed.length;
  if (!lostAll && !lostStep) return undefined;
  const index = lostAll ? 0 : items.slice(0, MAX_TRIED).findIndex((item) => isDropped(item, tools));
  if (index < 0) return "Items of the list do not fit.";
  const place = items.length === 1 ? "The item" : `Item ${index + 1}`;
  return [`${place} of the list does not fit.`, ...describeItem(items[index], tools)].join(" ");
}

function isDropped(item: unknown, tools: ReadTools): boolean {
  const parsed = tryParse(JSON.stringify([item]), tools);
  return parsed.kind === "misfit" || (isList(parsed.value) && parsed.value.length === 0);
}

/** What can be said without the parser, which gives no reason for what it drops. */
function describeItem(item: unknown, tools: ReadTools): readonly string[] {
  if (!isFields(item)) return [`It is ${inWords(item)}.`];
  const declared = tools.stepFields()?.get(String(item["intent"]));
  // By the names that the prompt shows.
  const fields = new Map([...(declared ?? [])].map(([name, field]) => [field.alias ?? name, field]));
  const missing = [...fields]
    .filter(([name, { kind, optional }]) => !optional && kind !== "texts" && (item[name] ?? null) === null)
    .map(([name]) => name);
  if (missing.length > 0)
    return [...wrappedArguments(item, missing), ...missing.map((name) => `Missing required field: ${name}.`)];
  const twice = Object.entries(item).flatMap(([key, value]) => {
    const { kind = "other" } = fields.get(key) ?? {};
    return (kind === "other" ? findJsonText(value, [key]) : undefined) ?? [];
  });
  if (twice.length > 0) return [describeEncodedTwice(twice)];
  const wrong = [...fields].flatMap(([name, { kind }]) => {
    const wanted = WANTED[kind];
    const value = item[name];
    return wanted === undefined || value === undefined || wanted.fits(value)
      ? []
      : [`Field ${name}: Expected ${wanted.type}, got ${inWords(value)}.`];
  });
  return wrong.length > 0 ? wrong : ["A required field is missing, or a value has another type."];
}

/** The path of the first text that is JSON, in a value. */
function findJsonText(value: unknown, path: readonly string[]): readonly string[] | undefined {
  if (typeof value === "string") return isJsonText(value) ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inside] of Object.entries(value)) {
    const found = findJsonText(inside, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Wanted {
  readonly type: string;
  readonly fits: (value: unknown) => boolean;
}

const NUMBER = (value: unknown) =>
  typeof value === "number" || (typeof value === "string" && /\d/.test(value));

/** Only what the parser surely refuses: it makes text of anything. */
const WANTED: { readonly [Kind in StepField["kind"]]?: Wanted } = {
  integer: { type: "int", fits: NUMBER },
  number: { type: "float", fits: NUMBER },
  boolean: { type: "bool", fits: (value) => /^(?:true|false)$/i.test(String(value)) },
};
