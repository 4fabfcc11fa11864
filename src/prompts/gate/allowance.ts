import { isFields, isList } from "./compare.ts";
import type { Shape } from "./scan.ts";

/**
 * What one completion may cost. Measured (BAML 0.226.2): a text where the type wants a number costs some
 * milliseconds, so a list of a few hundred blocks the process; the cost of lists grows with the square of their length. A text
 * that needs repair and fits nothing costs up to half a millisecond for each bracket that it opens.
 */
export const ALLOWANCE = {
  texts: 12,
  sampleTexts: 40,
  looseCharacters: 45_000,
  looseContainers: 60,
  /** Microseconds at most in the native parser. */
  work: 25_000,
  /** The same where the types are not known, so that nothing else can read a long answer. */
  blindWork: 1_000_000,
} as const;

/** How much of the allowance is left for the rest of a completion. */
export type Left = { -readonly [Name in keyof typeof ALLOWANCE]: number };

/** The most of `blindWork` for one text. */
export const MAX_BLIND = 100_000;

/*
 * Measured over functions of 17 shapes, with values of the right and of other types: for each object the native
 * parser copies all that is around it, once more for each member of a union, and compares the items of a list, or the entries of a
 * map, with each other. Small answers of such types (2 kB of steps within steps, 10 kB of a tree) take it a second.
 */
const EACH_VALUE = { alone: 20, member: 15 } as const;
const EACH_COPY = { alone: 1, member: 2.5 } as const;
const EACH_PAIR = 0.15;
// So many characters of a text are copied in the time of one value.
const CHARACTERS = 200;

interface Part {
  /** What a copy of it holds: its values, of which long texts count as several. */
  readonly size: number;
  readonly objects: number;
}

/** What is known of a type, and of how its values are given to the native parser. */
export interface CostOptions {
  /** The most members of a union in the type. */
  readonly width: number;
  /** The longest text, in characters, that is given to it as it is. */
  readonly longest: number;
}

/**
 * An upper bound, in microseconds, on how long the native parser takes over a value of JSON, whatever the types of its parts.
 * A value that fits its type takes about a quarter of it.
 */
export function costOf(value: unknown, { width, longest }: CostOptions): number {
  let copies = 0;
  let pairs = 0;
  let values = 0;
  const measure = (part: unknown): Part => {
    values += 1;
    if (typeof part === "string")
      return { size: 1 + Math.floor(Math.min(part.length, longest) / CHARACTERS), objects: 0 };
    if (!isList(part) && !isFields(part)) return { size: 1, objects: 0 };
    let size = 1;
    let objects = isList(part) ? 0 : 1;
    let count = 0;
    for (const inside of isList(part) ? part : Object.values(part)) {
      const one = measure(inside);
      size += one.size;
      objects += one.objects;
      count += 1;
    }
    if (!isList(part)) copies += size * objects;
    pairs += count ** 2;
    return { size, objects };
  };
  measure(value);
  return total({ values, copies, pairs }, width);
}

/** The same for a text that is not whole yet, of which only the shape is known. */
export function costOfShape({ commas, containers, depth }: Shape, width: number): number {
  const values = commas + containers + 1;
  return total({ values, copies: values * containers * depth, pairs: values ** 2 }, width);
}

function total(
  { values, copies, pairs }: { readonly values: number; readonly copies: number; readonly pairs: number },
  width: number,
): number {
  return (
    values * (EACH_VALUE.alone + EACH_VALUE.member * width) +
    copies * (EACH_COPY.alone + EACH_COPY.member * width) +
    pairs * EACH_PAIR
  );
}

/** How much less a value costs that fits its type. */
export const FITTING = 1 / 4;

/** Whether a value of a type that is not known may be given to the native parser. Charges for it. */
export function affordBlind(cost: number, left: Left): boolean {
  left.blindWork -= cost;
  return cost <= MAX_BLIND && left.blindWork >= 0;
}
