import { type Random, seededRandom } from "../../src/model/random.ts";
import { testPairs, verdictOf } from "../../src/workbench/statistics/compare.ts";
import type { CaseCount } from "../../src/workbench/statistics/interval.ts";

/** So many of the samples pass, each with this probability. */
export function draw(random: Random, probability: number, samples = 1): CaseCount {
  let passed = 0;
  for (let one = 0; one < samples; one += 1) if (random() < probability) passed += 1;
  return { passed, samples };
}

/** The share of runs for which `holds` is true. */
export function shareOf(runs: number, holds: () => boolean): number {
  let held = 0;
  for (let run = 0; run < runs; run += 1) if (holds()) held += 1;
  return held / runs;
}

export interface Unchanged {
  /** Samples a case of the baseline, and of the run. */
  readonly samples: readonly [number, number];
  readonly cases: number;
  /** With which each sample passes, before and now. */
  readonly probability: number;
  readonly runs: number;
}

/** How often the gate says `drop` though nothing has changed. */
export function falseAlarms({ samples: [before, now], cases, probability, runs }: Unchanged): number {
  const random = seededRandom(1000 * before + 100 * now + cases);
  return shareOf(runs, () => {
    const pairs = Array.from({ length: cases }, () => ({
      before: draw(random, probability, before),
      now: draw(random, probability, now),
    }));
    const seed = Math.floor(random() * 1e6);
    return verdictOf(testPairs(pairs, { rounds: 1000, seed })) === "drop";
  });
}

/** The level, and so many standard errors of a simulation of so many runs. */
export function levelWithin(errors: number, runs: number, level = 0.05): number {
  return level + errors * Math.sqrt((level * (1 - level)) / runs);
}
