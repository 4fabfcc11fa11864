import { checkNames, type NamesOf } from "../../base/options.ts";
import { type Random, seededRandom } from "../../model/random.ts";
import type { Interval } from "./interval.ts";
import { normalQuantile, studentQuantile } from "./normal.ts";

export interface ResampleOptions {
  /** The same seed gives the same result. Default 1. */
  readonly seed?: number | undefined;
  /** Default 10,000; fewer for many pairs, never fewer than 1,000. */
  readonly rounds?: number | undefined;
  /** Default 0.95. */
  readonly confidence?: number | undefined;
}

const RESAMPLE_NAMES: NamesOf<ResampleOptions> = { seed: true, rounds: true, confidence: true };

/**
 * The mean of paired differences with its percentile bootstrap interval: pairs are drawn again and again, with
 * replacement, so that what a case is like counts on both sides. With few pairs the interval is widened as Student's is. A
 * single pair says nothing about the mean: the interval is everything. Without any it is zero.
 */
export function pairedBootstrap(
  differences: readonly number[],
  options: ResampleOptions = {},
): Interval & { readonly mean: number } {
  checkNames("pairedBootstrap", RESAMPLE_NAMES, options);
  const count = differences.length;
  const mean = meanOf(differences);
  if (count === 0) return { mean, low: 0, high: 0 };
  if (count === 1) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const random = seededRandom(options.seed ?? 1);
  const means = Float64Array.from({ length: roundsFor(count, options) }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < count; drawn += 1) sum += differences[Math.floor(random() * count)] ?? 0;
    return sum / count;
  }).sort();
  const tail = (1 - (options.confidence ?? 0.95)) / 2;
  const at = (share: number) => means[Math.min(means.length - 1, Math.floor(share * means.length))] ?? 0;
  const wider =
    (Math.sqrt(count / (count - 1)) * studentQuantile(1 - tail, count - 1)) / normalQuantile(1 - tail);
  return { mean, low: mean - (mean - at(tail)) * wider, high: mean + (at(1 - tail) - mean) * wider };
}

/** `pairedBootstrap` of differences of shares or scores: its interval never leaves −1 to 1. */
export function bootstrapShares(
  differences: readonly number[],
  options: ResampleOptions = {},
): ReturnType<typeof pairedBootstrap> {
  const { mean, low, high } = pairedBootstrap(differences, options);
  return { mean, low: Math.max(-1, low), high: Math.min(1, high) };
}

/** How probable it is that chance alone brings a difference as low as this one, and as high. */
export interface Tails {
  readonly drop: number;
  readonly rise: number;
}

/** Up to here every combination of signs is tried; beyond, a sample of them. */
const ALL_SIGNS = 14;

/**
 * The sign-flip test of paired differences. If nothing had changed, each difference could as well have had the other sign:
 * the p-values are the shares of such sign changes whose sum is at most, or at least, the one observed. Exact for few
 * differences; otherwise from a sample, in such a way that the level holds. A difference of two rates has that property only
 * where both have as many samples: `comparePairs` sees to it.
 */
export function signFlip(differences: readonly number[], options: ResampleOptions = {}): Tails {
  checkNames("signFlip", RESAMPLE_NAMES, options);
  const changed = differences.filter((difference) => difference !== 0);
  const sums = sumsBySigns(changed);
  const observed = changed.reduce((sum, difference) => sum + difference, 0);
  const exact = changed.length <= ALL_SIGNS;
  const rounds = exact ? 2 ** changed.length : roundsFor(changed.length, options);
  const random = seededRandom(options.seed ?? 1);
  // What was observed is one of the ways; a sample need not hold it.
  let low = exact ? 0 : 1;
  let high = low;
  for (let round = 0; round < rounds; round += 1) {
    const sum = exact ? sumWithSigns(sums, round) : sumWithRandomSigns(sums, random);
    if (sum <= observed + TINY) low += 1;
    if (sum >= observed - TINY) high += 1;
  }
  const all = exact ? rounds : rounds + 1;
  return { drop: low / all, rise: high / all };
}

/** Sums of the same numbers in another order may differ in the last digit. */
export const TINY = 1e-9;

const BITS = 10;

/** Of each ten differences their sum with every combination of signs: a set bit is the sign that a difference has. */
function sumsBySigns(differences: readonly number[]): readonly Float64Array[] {
  return Array.from({ length: Math.ceil(differences.length / BITS) }, (_, part) => {
    const some = differences.slice(part * BITS, (part + 1) * BITS);
    const sums = new Float64Array(2 ** some.length);
    some.forEach((difference, bit) => {
      const known = 2 ** bit;
      for (let signs = 0; signs < known; signs += 1) {
        const before = sums[signs] ?? 0;
        sums[signs] = before - difference;
        sums[known + signs] = before + difference;
      }
    });
    return sums;
  });
}

function sumWithSigns(sums: readonly Float64Array[], signs: number): number {
  let sum = 0;
  let rest = signs;
  for (const some of sums) {
    sum += some[rest & (some.length - 1)] ?? 0;
    rest >>>= BITS;
  }
  return sum;
}

function sumWithRandomSigns(sums: readonly Float64Array[], random: Random): number {
  let sum = 0;
  let signs = 0;
  let part = 0;
  for (const some of sums) {
    // One number is enough for thirty signs.
    signs = part % 3 === 0 ? Math.floor(random() * 2 ** 30) : signs >>> BITS;
    sum += some[signs & (some.length - 1)] ?? 0;
    part += 1;
  }
  return sum;
}

const MOST_DRAWS = 20_000_000;

/** How many rounds, for so many numbers in each. */
export function roundsFor(count: number, { rounds = 10_000 }: ResampleOptions): number {
  return Math.max(1000, Math.min(rounds, Math.floor(MOST_DRAWS / Math.max(1, count))));
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
