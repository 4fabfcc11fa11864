import { checkNames } from "../../base/options.ts";
import { dealAnew } from "./deal-anew.ts";
import type { Interval } from "./interval.ts";
import { mcNemarExact } from "./mcnemar.ts";
import { answeredOf, differenceOf, type Pair } from "./pair.ts";
import { bootstrapShares, type ResampleOptions, signFlip, type Tails } from "./resampling.ts";

/** What a paired comparison says. `drop` and `rise` are p-values: how probable the difference is if nothing has changed. */
export interface Comparison extends Tails {
  /** How many cases were answered on both sides. */
  readonly pairs: number;
  /** Cases that passed less often than before, and more often. */
  readonly worse: number;
  readonly better: number;
  /** The mean difference of the cases' pass rates, now minus before, with its bootstrap interval. */
  readonly difference: Interval & { readonly mean: number };
  /** `mcnemar`: one sample a case on both sides. `sign_flip`: several, as many on both. `permutation`: different numbers. */
  readonly test: PairedTest["test"];
}

/** The test alone, without an interval. */
export interface PairedTest extends Tails {
  readonly test: "mcnemar" | "sign_flip" | "permutation";
}

/**
 * Compares the same cases before and now. Cases are the unit: five samples of one case are one observation, not five. With
 * one sample a case the test is McNemar's exact one; with several, a sign-flip test of the differences of pass rates. Where a
 * case has more samples on one side, its difference leans to one side by chance alone: the answers of each case are dealt anew
 * between both as well (`permutation`), and the larger of both p-values counts.
 *
 * Throws `RangeError` for a count of which more have passed than there are, or that is not whole.
 */
export function comparePairs(pairs: readonly Pair[], options: ResampleOptions = {}): Comparison {
  const answered = answeredOf(pairs);
  const differences = answered.map(differenceOf);
  return {
    pairs: differences.length,
    worse: differences.filter((difference) => difference < 0).length,
    better: differences.filter((difference) => difference > 0).length,
    difference: bootstrapShares(differences, options),
    ...testPairs(answered, options),
  };
}

/** The test of `comparePairs`. */
export function testPairs(pairs: readonly Pair[], options: ResampleOptions = {}): PairedTest {
  const answered = answeredOf(pairs);
  const differences = answered.map(differenceOf);
  if (answered.every(({ before, now }) => before.samples === 1 && now.samples === 1)) {
    const { worse, better } = mcNemarExact(
      differences.filter((difference) => difference < 0).length,
      differences.filter((difference) => difference > 0).length,
    );
    return { drop: worse, rise: better, test: "mcnemar" };
  }
  const flipped = signFlip(differences, options);
  if (answered.every(({ before, now }) => before.samples === now.samples))
    return { ...flipped, test: "sign_flip" };
  // Dealing holds the level if nothing has changed; flipping also where some cases got better and others worse.
  const dealt = dealAnew(answered, options);
  return {
    drop: Math.max(flipped.drop, dealt.drop),
    rise: Math.max(flipped.rise, dealt.rise),
    test: "permutation",
  };
}

/** `drop`, `rise`: the difference is one. `unclear`: it may be chance. */
export type Verdict = "drop" | "rise" | "unclear";

/** The rate of false alarms that the gate accepts where nobody says otherwise: one run in twenty. */
export const DEFAULT_LEVEL = 0.05;

/**
 * The gate. It says `drop` only if chance alone would bring one this large in fewer than `level` of all runs. Where
 * several comparisons are made in one run, the level is shared among them (`of`), so that it holds for the run.
 */
export function verdictOf(
  { drop, rise }: Tails,
  options: { readonly level?: number | undefined; readonly of?: number | undefined } = {},
): Verdict {
  checkNames("verdictOf", { level: true, of: true }, options);
  const { level = DEFAULT_LEVEL, of = 1 } = options;
  const share = level / of;
  if (drop <= share) return "drop";
  return rise <= share ? "rise" : "unclear";
}

/** How many cases must get worse, and none better, before one sample a case can be a `drop`. */
export function fewestForDrop(level = DEFAULT_LEVEL): number {
  return Math.ceil(-Math.log2(level));
}
