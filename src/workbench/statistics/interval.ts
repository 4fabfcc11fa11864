import { normalQuantile, studentQuantile } from "./normal.ts";

/** How often one case passed, out of how many samples. */
export interface CaseCount {
  readonly passed: number;
  readonly samples: number;
}

/** From `low` to `high`, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A share of passes with its confidence interval. */
export interface Rate extends Interval {
  readonly rate: number;
  readonly passed: number;
  readonly samples: number;
}

/**
 * Wilson's score interval of a share. Unlike the usual "plus or minus", it holds its confidence for few trials and for
 * shares near 0 and 1. Without trials it is everything from 0 to 1. `trials` need not be whole: an effective number will do.
 */
export function wilsonInterval(passed: number, trials: number, confidence = 0.95): Interval {
  if (!(passed >= 0 && passed <= trials)) throw new RangeError(`${passed} of ${trials} cannot have passed`);
  if (trials === 0) return { low: 0, high: 1 };
  const z = normalQuantile(0.5 + confidence / 2);
  const share = passed / trials;
  const bottom = 1 + (z * z) / trials;
  const centre = (share + (z * z) / (2 * trials)) / bottom;
  const half = (z / bottom) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return {
    low: passed === 0 ? 0 : Math.max(0, centre - half),
    high: passed === trials ? 1 : Math.min(1, centre + half),
  };
}

/**
 * The share of passed samples over all cases, with its Wilson interval. Samples of one case resemble each other, so that
 * 20 cases asked five times each tell less than 100 cases: the interval counts only as many trials as the spread between
 * cases allows. Few cases, or few of which any sample fell out of line, say little about that spread: the fewer there are,
 * the more it is assumed that the samples of a case are all alike.
 */
export function passRate(cases: readonly CaseCount[], confidence = 0.95): Rate {
  const samples = cases.reduce((sum, one) => sum + one.samples, 0);
  const passed = cases.reduce((sum, one) => sum + one.passed, 0);
  const rate = samples === 0 ? 0 : passed / samples;
  const trials = effectiveTrials(cases, { rate, samples, confidence });
  return { rate, passed, samples, ...wilsonInterval(rate * trials, trials, confidence) };
}

function effectiveTrials(
  cases: readonly CaseCount[],
  {
    rate,
    samples,
    confidence,
  }: { readonly rate: number; readonly samples: number; readonly confidence: number },
): number {
  const asked = cases.filter((one) => one.samples > 0);
  const clusters = asked.length;
  if (samples === clusters) return samples;
  const independent = (rate * (1 - rate)) / samples;
  if (independent === 0 || clusters < 2) return clusters;
  const spread = asked.reduce((sum, one) => sum + (one.passed - one.samples * rate) ** 2, 0);
  const clustered = (spread / samples ** 2) * (clusters / (clusters - 1));
  const telling = Math.min(
    asked.filter((one) => one.passed < one.samples).length,
    asked.filter((one) => one.passed > 0).length,
  );
  const mostAlike = samples / clusters;
  const alike = (telling * (clustered / independent) + mostAlike) / (telling + 1);
  const upTo = 0.5 + confidence / 2;
  const fewCases = (normalQuantile(upTo) / studentQuantile(upTo, clusters - 1)) ** 2;
  return (samples / Math.min(mostAlike, Math.max(1, alike))) * fewCases;
}
