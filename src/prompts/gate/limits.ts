import type { Refusal } from "../types.ts";
import type { Shape } from "./scan.ts";

/** What a completion may be like to reach the native parser. */
export interface AnswerLimits {
  /** Characters of the whole completion. Default 1,000,000. */
  readonly maxCharacters?: number;
  /** Nested objects and arrays. Default 64. */
  readonly maxDepth?: number;
  /** Objects and arrays in one JSON value. Default 1,000. */
  readonly maxObjects?: number;
}

export const DEFAULT_ANSWER_LIMITS: Required<AnswerLimits> = {
  maxCharacters: 1_000_000,
  maxDepth: 64,
  maxObjects: 1_000,
};

export type Breach = Pick<Refusal, "reason" | "message">;

// Arrays that stand directly in each other cost the cube of their number (1.5 s for 64 of them with a step in each);
// with objects between them they are cheap.
const MAX_ARRAYS = 12;

/** Why strict JSON of this shape may not reach the parser; `undefined` where it may. */
export function strictBreach(shape: Shape, limits: Required<AnswerLimits>): Breach | undefined {
  const { depth, arrays, containers } = shape;
  if (depth > limits.maxDepth) return tooDeep(limits);
  if (arrays > MAX_ARRAYS) return tooDeep({ ...limits, maxDepth: MAX_ARRAYS });
  if (containers > limits.maxObjects) return tooMany(limits);
  return undefined;
}

// Measured (BAML 0.226.2, jsonrepair 3.15): what has to be repaired costs up to 60 us for each field and grows with the
// square of the number of quotes and the cube of the depth, so that these bounds keep it well under 200 ms.
const MAX_LOOSE_DEPTH = 16;
const MAX_LOOSE_CHARACTERS = 100_000;
const MAX_LOOSE_SEPARATORS = 1_500;
const MAX_LOOSE_QUOTES = 6_000;
const MAX_LOOSE_CONTAINERS = 150;

/** Why a text that is no strict JSON may not be repaired; `undefined` where it may. */
export function looseBreach(text: string, shape: Shape, limits: Required<AnswerLimits>): Breach | undefined {
  if (Math.max(shape.depth, shape.arrays + 4) > MAX_LOOSE_DEPTH)
    return tooDeep({ ...limits, maxDepth: MAX_LOOSE_DEPTH });
  const { containers, closings, separators, quotes } = shape;
  if (Math.max(containers, closings) > MAX_LOOSE_CONTAINERS)
    return { reason: "too_many_objects", message: LOOSE };
  if (text.length > MAX_LOOSE_CHARACTERS || separators > MAX_LOOSE_SEPARATORS || quotes > MAX_LOOSE_QUOTES) {
    return { reason: "too_large", message: LOOSE };
  }
  return undefined;
}

const LOOSE =
  "The answer is not valid JSON and too large to be repaired. Answer with one valid, short JSON value.";

export function tooLarge(length: number, limits: Required<AnswerLimits>): Breach {
  const message = `The answer has ${length} characters; at most ${limits.maxCharacters} are accepted. Answer briefly.`;
  return { reason: "too_large", message };
}

function tooDeep(limits: Required<AnswerLimits>): Breach {
  const message = `The answer is nested more than ${limits.maxDepth} levels deep. Answer with a flat JSON value.`;
  return { reason: "too_deep", message };
}

export function tooMany(limits: Required<AnswerLimits>): Breach {
  const message = `The answer holds more than ${limits.maxObjects} objects. Answer with exactly one step.`;
  return { reason: "too_many_objects", message };
}
