import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../src/model/random.ts";
import { comparePairs, fewestForDrop, testPairs, verdictOf } from "../../src/workbench/statistics/compare.ts";
import { dealAnew } from "../../src/workbench/statistics/deal-anew.ts";
import { passRate, wilsonInterval } from "../../src/workbench/statistics/interval.ts";
import { mcNemarExact } from "../../src/workbench/statistics/mcnemar.ts";
import { normalQuantile, studentQuantile } from "../../src/workbench/statistics/normal.ts";
import type { Pair } from "../../src/workbench/statistics/pair.ts";
import { passHatK } from "../../src/workbench/statistics/pass-hat-k.ts";
import { pairedBootstrap, signFlip } from "../../src/workbench/statistics/resampling.ts";
import { propertyRuns } from "../property-runs.ts";
import { draw, falseAlarms, levelWithin, shareOf } from "./gate-level.ts";

const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);

/** From 0 to 1, `a / (a + b)` on average. */
function beta(random: Random, a: number, b: number): number {
  const [x, y] = [gamma(random, a), gamma(random, b)];
  return x + y === 0 ? Number(random() < a / (a + b)) : x / (x + y);
}

/** The method of Marsaglia and Tsang. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const normal = normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, random())));
    const v = (1 + normal / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(random() + 1e-300) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** How hard a case is: some always pass, some never do, most lie in between; 0.85 on average. */
function difficulty(random: Random): number {
  const kind = random();
  if (kind < 0.6) return 1;
  return kind < 0.65 ? 0 : random() * 0.4 + 0.514;
}

describe("F2.16 statistics", { tags: "F2.16" }, () => {
  it("knows the quantiles of the normal distribution", () => {
    expect(normalQuantile(0.5)).toBeCloseTo(0, 9);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963985, 7);
    expect(normalQuantile(0.005)).toBeCloseTo(-2.575829304, 7);
    expect(normalQuantile(0.0001)).toBeCloseTo(-3.719016485, 7);
  });

  it("knows those of Student's distribution", () => {
    const printed = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    for (const [index, expected] of printed.entries())
      expect(Math.abs(studentQuantile(0.975, index + 1) - expected)).toBeLessThan(index < 4 ? 0.02 : 0.003);
    expect(studentQuantile(0.025, 29)).toBeCloseTo(-2.045, 3);
  });

  it("gives Wilson's interval as published, also for none and for all", () => {
    // The examples of Newcombe (1998), table 1.
    expect(wilsonInterval(81, 263)).toEqual({
      low: expect.closeTo(0.2553, 4),
      high: expect.closeTo(0.3662, 4),
    });
    expect(wilsonInterval(15, 148)).toEqual({
      low: expect.closeTo(0.0624, 4),
      high: expect.closeTo(0.1605, 4),
    });
    expect(wilsonInterval(0, 20)).toEqual({ low: 0, high: expect.closeTo(0.1611, 4) });
    expect(wilsonInterval(29, 29)).toEqual({ low: expect.closeTo(0.883, 4), high: 1 });
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it.each(
    [20, 60, 200].flatMap((cases) => [
      [cases, 0, 1] as const,
      [cases, 0, 0.05] as const,
      [cases, 0.95, 1] as const,
    ]),
  )(
    "covers the true rate of %i cases in 95 of 100 runs, within a point: rates from %d to %d",
    (cases, low, high) => {
      const random = seededRandom(cases);
      const covered = shareOf(10_000, () => {
        const truth = low + (high - low) * random();
        const interval = wilsonInterval(draw(random, truth, cases).passed, cases);
        return interval.low <= truth && truth <= interval.high;
      });
      expect(Math.abs(covered - 0.95)).toBeLessThan(0.01);
    },
  );

  it("covers the true rate of 60 cases with five samples each, where samples of a case resemble each other", () => {
    const random = seededRandom(5);
    const truth = 0.6 + 0.35 * 0.714;
    const run = () => Array.from({ length: 60 }, () => draw(random, difficulty(random), 5));
    const covered = shareOf(10_000, () => {
      const { low, high } = passRate(run());
      return low <= truth && truth <= high;
    });
    expect(Math.abs(covered - 0.95)).toBeLessThan(0.01);
    // As if the samples were independent, it would be far too sure.
    const naive = shareOf(2000, () => {
      const counts = run();
      const { low, high } = wilsonInterval(
        counts.reduce((sum, { passed }) => sum + passed, 0),
        300,
      );
      return low <= truth && truth <= high;
    });
    expect(naive).toBeLessThan(0.85);
  });

  it.each([
    [20, 0.85, 0.3],
    [20, 0.975, 0.8],
    [60, 0.95, 0.8],
    [60, 0.975, 0.3],
    [60, 0.975, 0.8],
    [200, 0.975, 0.3],
  ])(
    "is never too sure with five samples a case: %i cases, %d on average, whose samples are %d alike",
    (cases, average, alike) => {
      const random = seededRandom(cases);
      const weight = 1 / alike - 1;
      const runs = 4_000;
      const covered = shareOf(runs, () => {
        const counts = Array.from({ length: cases }, () =>
          draw(random, beta(random, average * weight, (1 - average) * weight), 5),
        );
        const { low, high } = passRate(counts);
        return low <= average && average <= high;
      });
      // A point below nominal, and the noise of so many runs.
      expect(covered).toBeGreaterThan(0.94 - 2 * Math.sqrt((0.95 * 0.05) / runs));
    },
  );

  it("the interval holds the rate, and never leaves 0 to 1", () => {
    const count = fc
      .nat(9)
      .chain((samples) => fc.record({ samples: fc.constant(samples), passed: fc.nat(samples) }));
    fc.assert(
      fc.property(fc.array(count, { maxLength: 40 }), (cases) => {
        const { rate, low, high, samples } = passRate(cases);
        if (samples === 0) return low === 0 && high === 1;
        return 0 <= low && low <= rate + 1e-12 && rate <= high + 1e-12 && high <= 1;
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("pass^k is C(passed, k) / C(samples, k), averaged over the cases that have enough samples", () => {
    expect(passHatK([{ passed: 3, samples: 4 }], 1)).toBe(0.75);
    expect(passHatK([{ passed: 3, samples: 4 }], 2)).toBeCloseTo(0.5, 12);
    expect(
      passHatK(
        [
          { passed: 4, samples: 4 },
          { passed: 1, samples: 1 },
        ],
        4,
      ),
    ).toBe(1);
    expect(passHatK([{ passed: 1, samples: 1 }], 2)).toBeUndefined();
    const counts = fc.integer({ min: 1, max: 12 }).chain((samples) =>
      fc.record({
        samples: fc.constant(samples),
        passed: fc.nat(samples),
        k: fc.integer({ min: 1, max: samples }),
      }),
    );
    fc.assert(
      fc.property(counts, ({ passed, samples, k }) => {
        const exact = passed < k ? 0 : choose(passed, k) / choose(samples, k);
        return Math.abs((passHatK([{ passed, samples }], k) ?? -1) - exact) < 1e-9;
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("pass^k is not biased: on average it is the true probability to the power of k", () => {
    const random = seededRandom(3);
    const cases = Array.from({ length: 20_000 }, () => draw(random, 0.8, 5));
    expect(passHatK(cases, 3)).toBeCloseTo(0.8 ** 3, 2);
  });

  it("McNemar's test is the exact binomial one", () => {
    expect(mcNemarExact(0, 0)).toEqual({ twoSided: 1, worse: 1, better: 1 });
    expect(mcNemarExact(5, 0).worse).toBeCloseTo(1 / 32, 12);
    expect(mcNemarExact(4, 0).worse).toBeCloseTo(1 / 16, 12);
    expect(mcNemarExact(9, 1).twoSided).toBeCloseTo((2 * 11) / 1024, 12);
    expect(mcNemarExact(600, 400).worse).toBeLessThan(1e-9);
    expect(mcNemarExact(500, 500).worse).toBeCloseTo(0.5126, 4);
    expect(fewestForDrop()).toBe(5);
  });

  it("the sign-flip test is McNemar's where every difference is one case", () => {
    fc.assert(
      fc.property(fc.nat(8), fc.nat(6), (worse, better) => {
        const differences = [...Array<number>(worse).fill(-1), ...Array<number>(better).fill(1), 0, 0];
        return Math.abs(signFlip(differences).drop - mcNemarExact(worse, better).worse) < 1e-9;
      }),
      { numRuns: 50 },
    );
    // Beyond what can be enumerated it is sampled.
    const many = [...Array<number>(30).fill(-1), ...Array<number>(15).fill(1)];
    expect(signFlip(many).drop).toBeCloseTo(mcNemarExact(30, 15).worse, 2);
  });

  it("answers dealt anew are Fisher's exact test of a case, and the sign-flip test where each side has one", () => {
    const one = (before: number, now: number, [b, n]: readonly [number, number]) => ({
      before: { passed: before, samples: b },
      now: { passed: now, samples: n },
    });
    // 10 of 10 before, 5 of 8 now: P(at most 5 of 8 pass), with 15 of 18 that do.
    const fisher = (choose(8, 5) * choose(10, 10)) / choose(18, 15);
    expect(dealAnew([one(10, 5, [10, 8])], { rounds: 50_000 }).drop).toBeCloseTo(fisher, 2);
    expect(dealAnew([one(3, 8, [10, 8])], { rounds: 50_000 }).rise).toBeCloseTo(
      (choose(8, 8) * choose(10, 3)) / choose(18, 11),
      2,
    );
    const singles = [...Array(12).fill(one(1, 0, [1, 1])), ...Array(4).fill(one(0, 1, [1, 1]))];
    expect(dealAnew(singles).drop).toBeCloseTo(mcNemarExact(12, 4).worse, 2);
    // What cannot fall otherwise says nothing; and huge counts are counts.
    expect(dealAnew([one(5, 1, [5, 1]), one(0, 0, [5, 1])])).toEqual({ drop: 1, rise: 1 });
    const { drop } = dealAnew([one(999_999, 2_000, [1_000_000, 5_000])], { rounds: 1000 });
    expect(drop).toBeLessThan(0.01);
    expect(() => testPairs([one(3, 0, [2, 1])])).toThrow("3 of 2 samples cannot have passed");
  });

  it("the paired bootstrap covers the true difference, and the same seed gives the same interval", () => {
    const random = seededRandom(11);
    const run = (drop: number) =>
      Array.from({ length: 80 }, () => random() * 0.6 - drop + (random() < 0.3 ? -0.3 : 0.2) - 0.35);
    // E = 0.3 - drop + (0.3 · -0.3 + 0.7 · 0.2) - 0.35
    const truth = 0.3 - 0.1 + 0.05 - 0.35;
    const covered = shareOf(200, () => {
      const { low, high } = pairedBootstrap(run(0.1), { rounds: 1000, seed: Math.floor(random() * 1e6) });
      return low <= truth && truth <= high;
    });
    expect(covered).toBeGreaterThan(0.9);
    expect(covered).toBeLessThan(0.99);
    const differences = run(0.1);
    expect(pairedBootstrap(differences, { seed: 7 })).toEqual(pairedBootstrap(differences, { seed: 7 }));
    expect(pairedBootstrap([])).toEqual({ mean: 0, low: 0, high: 0 });
  });

  it.each([3, 5, 10])("the paired bootstrap is not too sure of %i scores", (pairs) => {
    const random = seededRandom(pairs);
    const covered = shareOf(600, () => {
      const differences = Array.from({ length: pairs }, () => random() - random());
      const { low, high } = pairedBootstrap(differences, { rounds: 1000, seed: Math.floor(random() * 1e6) });
      return low <= 0 && 0 <= high;
    });
    expect(covered).toBeGreaterThan(0.92);
    const [count] = [{ before: { passed: 1, samples: 1 }, now: { passed: 0, samples: 1 } }];
    expect(comparePairs([count]).difference).toEqual({ mean: -1, low: -1, high: 1 });
  });
});

/** What docs/evals.md says about the gate. */
const page = readFileSync(join(import.meta.dirname, "../../docs/evals.md"), "utf8");
const share = (value: number) => `${(100 * value).toFixed(1)} %`;

describe("F2.16 the gate", { tags: "F2.16" }, () => {
  const pairsOf = (random: Random, drop: number, [before, now]: readonly [number, number]): Pair[] =>
    Array.from({ length: 200 }, () => {
      const truth = difficulty(random);
      return {
        before: draw(random, truth, before),
        // A case that never passed cannot get worse; the others carry the drop.
        now: draw(random, Math.max(0, truth - drop / 0.95), now),
      };
    });
  const alarms = (runs: number, drop: number, samples: readonly [number, number], seed: number) => {
    const random = seededRandom(seed);
    return shareOf(runs, () => {
      const pairs = pairsOf(random, drop, samples);
      return verdictOf(testPairs(pairs, { rounds: 1000, seed: Math.floor(random() * 1e6) })) === "drop";
    });
  };

  it("one sample a case: no more false alarms than its level, and it sees a drop of ten points", () => {
    const falseAlarms = alarms(10_000, 0, [1, 1], 21);
    const power = alarms(2000, 0.1, [1, 1], 22);
    expect(falseAlarms).toBeLessThanOrEqual(0.05);
    expect(power).toBeGreaterThan(0.8);
    expect(page).toContain(
      `| one sample, one sample | ${share(falseAlarms)} | of 10 points: ${share(power)} |`,
    );
  });

  it("one sample a case, all cases as hard: a drop of ten points is found less often, and the page says how often", () => {
    const random = seededRandom(27);
    const power = shareOf(2000, () => {
      const pairs = Array.from({ length: 200 }, () => ({
        before: draw(random, 0.85),
        now: draw(random, 0.75),
      }));
      return verdictOf(testPairs(pairs)) === "drop";
    });
    expect(power).toBeGreaterThan(0.7);
    const said = `hides a drop of 10 points more often: with one sample each it is found in ${share(power)}`;
    expect(page.replace(/\s+/g, " ")).toContain(said);
  });

  it("five samples a case: its level holds, and it sees smaller drops", () => {
    const falseAlarms = alarms(1000, 0, [5, 5], 23);
    const power = alarms(200, 0.05, [5, 5], 24);
    // Three standard errors of a simulation of 1,000 runs.
    expect(falseAlarms).toBeLessThanOrEqual(0.05 + 0.02);
    expect(power).toBeGreaterThan(0.8);
    expect(page).toContain(
      `| five samples, five samples | ${share(falseAlarms)} | of 5 points: ${share(power)} |`,
    );
  });

  it.each([
    [1, 5],
    [5, 1],
  ])("baseline of %i, run of %i samples a case: its level holds, and it sees a drop", (before, now) => {
    const samples = [before, now] as const;
    const level = alarms(400, 0, samples, 25);
    const power = alarms(100, 0.1, samples, 26);
    expect(level).toBeLessThanOrEqual(levelWithin(3, 400));
    expect(power).toBeGreaterThan(0.9);
    const words = { 1: "one sample", 5: "five samples" };
    expect(page).toContain(
      `| ${before === 1 ? words[1] : words[5]}, ${now === 1 ? words[1] : words[5]} | ${share(level)} | of 10 points: ${share(power)} |`,
    );
  });

  // Where nearly all samples pass, a single one that fails weighs much, and on one side alone.
  it.each([
    { samples: [1, 5], cases: 30, probability: 0.95 },
    { samples: [1, 10], cases: 10, probability: 0.9 },
    { samples: [1, 10], cases: 30, probability: 0.98 },
    { samples: [10, 1], cases: 10, probability: 0.1 },
    { samples: [5, 1], cases: 30, probability: 0.05 },
  ] as const)(
    "its level holds with unlike numbers of samples: $samples, $cases cases, $probability",
    (unchanged) => {
      expect(falseAlarms({ ...unchanged, runs: 400 })).toBeLessThanOrEqual(levelWithin(3, 400));
    },
  );

  it("its level holds where an edit makes some cases better and others as much worse, with unlike numbers of samples", () => {
    const random = seededRandom(31);
    const share = shareOf(200, () => {
      const pairs = Array.from({ length: 40 }, () => ({
        before: draw(random, 0.7, 5),
        now: draw(random, random() < 0.5 ? 0.95 : 0.45, 10),
      }));
      return verdictOf(testPairs(pairs, { rounds: 1000 })) === "drop";
    });
    expect(share).toBeLessThanOrEqual(levelWithin(3, 200));
  });

  it("a difference that may be chance is none, one that may not is one", () => {
    const passed = { passed: 1, samples: 1 };
    const failed = { passed: 0, samples: 1 };
    const pairs = (worse: number, better: number): Pair[] => [
      ...Array<Pair>(worse).fill({ before: passed, now: failed }),
      ...Array<Pair>(better).fill({ before: failed, now: passed }),
      ...Array<Pair>(20).fill({ before: passed, now: passed }),
    ];
    expect(verdictOf(comparePairs(pairs(4, 0)))).toBe("unclear");
    expect(verdictOf(comparePairs(pairs(5, 0)))).toBe("drop");
    expect(verdictOf(comparePairs(pairs(5, 2)))).toBe("unclear");
    expect(verdictOf(comparePairs(pairs(0, 6)))).toBe("rise");
    // Two comparisons in one run share the level.
    expect(verdictOf(comparePairs(pairs(5, 0)), { of: 2 })).toBe("unclear");
    expect(verdictOf(comparePairs([]))).toBe("unclear");
  });

  it("leaves out what was not answered on both sides", () => {
    const none = { passed: 0, samples: 0 };
    const passed = { passed: 1, samples: 1 };
    expect(
      comparePairs([
        { before: passed, now: none },
        { before: none, now: passed },
      ]),
    ).toMatchObject({
      pairs: 0,
      drop: 1,
    });
  });
});
