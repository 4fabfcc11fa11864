import type { CaseCount } from "./interval.ts";

/** The same case before and now. */
export interface Pair {
  readonly before: CaseCount;
  readonly now: CaseCount;
}

/** The pass rate of now minus that of before. */
export function differenceOf({ before, now }: Pair): number {
  return now.passed / now.samples - before.passed / before.samples;
}

/** The pairs with answers on both sides. Throws `RangeError` for a count of which more have passed than there are. */
export function answeredOf(pairs: readonly Pair[]): readonly Pair[] {
  for (const { before, now } of pairs) for (const count of [before, now]) requireCount(count);
  return pairs.filter(({ before, now }) => before.samples > 0 && now.samples > 0);
}

function requireCount({ passed, samples }: CaseCount): void {
  const whole = Number.isSafeInteger(passed) && Number.isSafeInteger(samples);
  if (!whole || passed < 0 || passed > samples)
    throw new RangeError(`${passed} of ${samples} samples cannot have passed`);
}
