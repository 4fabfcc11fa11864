import { normalQuantile } from "./normal.ts";

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
 * cases allows, at least one a case and at most all samples.
 */
export function passRate(cases: readonly CaseCount[], confidence = 0.95): Rate {
  const samples = cases.reduce((sum, one) => sum + one.samples, 0);
  const passed = cases.reduce((sum, one) => sum + one.passed, 0);
  const rate = samples === 0 ? 0 : passed / samples;
  const trials = effectiveTrials(cases, rate, samples);
  return { rate, passed, samples, ...wilsonInterval(rate * trials, trials, confidence) };
}

function effectiveTrials(cases: readonly CaseCount[], rate: number, samples: number): number {
  const asked = cases.filter((one) => one.samples > 0);
  const clusters = asked.length;
  if (samples === clusters) return samples;
  const independent = (rate * (1 - rate)) / samples;
  if (independent === 0 || clusters < 2) return clusters;
  const spread = asked.reduce((sum, one) => sum + (one.passed - one.samples * rate) ** 2, 0);
  const clustered = (spread / samples ** 2) * (clusters / (clusters - 1));
  return Math.min(samples, Math.max(clusters, (samples * independent) / clustered));
}
