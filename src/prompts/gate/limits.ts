import type { Refusal } from "../types.ts";
import { type Bounds, type Shape, shapeOf } from "./scan.ts";

/** Limits within which a completion reaches the native parser. */
export interface AnswerLimits {
  /** Characters in the whole completion. Default 1,000,000. */
  readonly maxCharacters?: number;
  /** Levels of nested objects and arrays. Default 64. */
  readonly maxDepth?: number;
  /** Objects and arrays in one JSON value. Default 1,000. */
  readonly maxObjects?: number;
  /** Values in one JSON value: objects, arrays, texts, numbers and so on. Default 2,500. */
  readonly maxValues?: number;
}

export const DEFAULT_ANSWER_LIMITS: Required<AnswerLimits> = {
  maxCharacters: 1_000_000,
  maxDepth: 64,
  maxObjects: 1_000,
  maxValues: 2_500,
};

export type Breach = Pick<Refusal, "reason" | "message">;

// The cost of arrays nested directly in each other grows with the cube of their number (1.5 s for 64 with a
// step in each); with objects in between they are cheap.
const MAX_ARRAYS = 12;

// No number that means something, and no name of a field: both parsers take long over them.
const MAX_NUMBER = 1_000;
const MAX_KEY = 1_000;
// Each value has a comma, itself or two brackets, a name and a colon at most.
const MAX_SIGNS = 6;

/** Where counting the shape of strict JSON may stop: `strictBreach` refuses what is beyond. */
export function strictBounds({ maxDepth, maxObjects, maxValues }: Required<AnswerLimits>): Bounds {
  return {
    depth: maxDepth,
    arrays: MAX_ARRAYS,
    containers: maxObjects,
    commas: maxValues,
    number: MAX_NUMBER,
    key: MAX_KEY,
    signs: MAX_SIGNS * maxValues,
  };
}

/**
 * An upper bound on the number of JSON values: one for each comma, and one for the first value in each object and
 * array.
 */
export function valuesIn({ commas, containers }: Shape): number {
  return commas + containers + 1;
}

/** Why strict JSON of this shape may not reach the parser; `undefined` if it may. */
export function strictBreach(shape: Shape, limits: Required<AnswerLimits>): Breach | undefined {
  const { depth, arrays, containers, number, key, signs } = shape;
  if (depth > limits.maxDepth) return tooDeep(limits);
  if (arrays > MAX_ARRAYS) return tooDeep({ ...limits, maxDepth: MAX_ARRAYS });
  if (containers > limits.maxObjects) return tooMany(limits);
  if (valuesIn(shape) > limits.maxValues || signs > MAX_SIGNS * limits.maxValues)
    return tooManyValues(limits.maxValues);
  if (number > MAX_NUMBER) return tooLong(`a number of more than ${MAX_NUMBER} characters`);
  if (key > MAX_KEY) return tooLong(`a field whose name has more than ${MAX_KEY} characters`);
  return undefined;
}

// Measured (BAML 0.226.2, jsonrepair 3.15): repairing costs up to 60 us per field, and grows with the square of
// the number of quotes and the cube of the depth.
const MAX_LOOSE_DEPTH = 12;
const MAX_LOOSE_CHARACTERS = 40_000;
const MAX_LOOSE_SEPARATORS = 800;
const MAX_LOOSE_QUOTES = 2_000;
// The cost of quotes without a separator between them grows with the cube of their number: 1,600 take a second.
const MAX_QUOTE_RUN = 200;
const MAX_LOOSE_CONTAINERS = 40;
// Backticks cost the square of their number, fences its cube.
const MAX_LOOSE_FENCES = 40;
const MAX_LOOSE_BACKTICKS = 400;

/** The shape of a text that is not strict JSON, or why it may not be repaired; of a text whose end is not there yet as well. */
export function looseShape(
  text: string,
  limits: Required<AnswerLimits>,
): { readonly shape: Shape } | { readonly breach: Breach } {
  if (text.length > MAX_LOOSE_CHARACTERS) return { breach: LOOSE_BREACH };
  const shape = shapeOf(text, false);
  const breach = looseBreach(text, shape, limits);
  return breach === undefined ? { shape } : { breach };
}

function looseBreach(text: string, shape: Shape, limits: Required<AnswerLimits>): Breach | undefined {
  if (Math.max(shape.depth, shape.arrays + 4) > MAX_LOOSE_DEPTH)
    return tooDeep({ ...limits, maxDepth: MAX_LOOSE_DEPTH });
  const { containers, closings, separators, quotes, quoteRun } = shape;
  if (quoteRun > MAX_QUOTE_RUN) return LOOSE_BREACH;
  if (Math.max(containers, closings) > MAX_LOOSE_CONTAINERS)
    return { ...LOOSE_BREACH, reason: "too_many_objects" };
  if (separators > MAX_LOOSE_SEPARATORS || quotes > MAX_LOOSE_QUOTES) return LOOSE_BREACH;
  const tooManyFences = text.split("```").length > MAX_LOOSE_FENCES;
  return tooManyFences || text.split("`").length > MAX_LOOSE_BACKTICKS ? LOOSE_BREACH : undefined;
}

export const LOOSE_BREACH: Breach = {
  reason: "too_large",
  message:
    "The answer is not valid JSON and too large to be repaired. Answer with one valid, short JSON value.",
};

/** How many pairs of list items the native parser may compare with each other. */
export const MAX_PAIRS = 400_000;

export const LISTS_TOO_LONG: Breach = {
  reason: "too_many_objects",
  message:
    "The answer has lists that are too long. Answer with less, and every value in the type that was asked for.",
};

export function tooLarge(length: number, limits: Required<AnswerLimits>): Breach {
  const message = `The answer has ${length} characters; at most ${limits.maxCharacters} are accepted. Answer briefly.`;
  return { reason: "too_large", message };
}

function tooLong(what: string): Breach {
  return { reason: "too_large", message: `The answer holds ${what}. Answer with one short JSON value.` };
}

export function tooLargeToParse(most: number): Breach {
  const message = `The answer is larger than ${most} letters, of which those that are not ASCII count more. Answer briefly.`;
  return { reason: "too_large", message };
}

export function tooManyTags(most: number): Breach {
  const message = `The answer holds more than ${most} tags of thoughts or of a chat template. Answer with one JSON value and nothing else.`;
  return { reason: "too_large", message };
}

// A scan for what is prose costs up to 20 ns a character.
const MAX_PROSE = 200_000;

/** Why a completion with so much text beside its JSON and its thoughts is refused. */
export function proseBreach(characters: number): Breach | undefined {
  if (characters <= MAX_PROSE) return undefined;
  const message = `The answer has ${characters} characters beside its JSON; at most ${MAX_PROSE} are accepted. Answer with one JSON value and nothing else.`;
  return { reason: "too_large", message };
}

function tooDeep(limits: Required<AnswerLimits>): Breach {
  const message = `The answer is nested more than ${limits.maxDepth} levels deep. Answer with a flat JSON value.`;
  return { reason: "too_deep", message };
}

function tooManyValues(most: number): Breach {
  const message = `The answer holds more than ${most} values. Answer with less.`;
  return { reason: "too_many_objects", message };
}

export function tooMany(limits: Required<AnswerLimits>): Breach {
  const message = `The answer holds more than ${limits.maxObjects} objects. Answer with exactly one step.`;
  return { reason: "too_many_objects", message };
}
