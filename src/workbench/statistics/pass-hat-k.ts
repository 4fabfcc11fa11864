import type { CaseCount } from "./interval.ts";

/**
 * pass^k: the probability that `k` answers to a case all pass, averaged over the cases. The unbiased estimate, from at
 * least `k` samples of each case; cases with fewer are left out, and `undefined` says that none has enough.
 * @see https://arxiv.org/abs/2406.12045
 */
export function passHatK(cases: readonly CaseCount[], k: number): number | undefined {
  if (!Number.isInteger(k) || k < 1) throw new RangeError("k is a whole number from 1 on");
  const enough = cases.filter(({ samples }) => samples >= k);
  if (enough.length === 0) return undefined;
  return enough.reduce((sum, one) => sum + allOf(one, k), 0) / enough.length;
}

/** The share of the ways to draw `k` of the samples in which all have passed. */
function allOf({ passed, samples }: CaseCount, k: number): number {
  let share = 1;
  for (let drawn = 0; drawn < k; drawn += 1) share *= Math.max(0, passed - drawn) / (samples - drawn);
  return share;
}
