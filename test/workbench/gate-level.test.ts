import { describe, expect, it } from "vitest";
import { propertyRuns } from "../property-runs.ts";
import { falseAlarms, levelWithin } from "./gate-level.ts";

const SAMPLES = [1, 5, 10];
const PAIRS = SAMPLES.flatMap((before) => SAMPLES.map((now): [number, number] => [before, now]));
const RUNS = Math.min(200, propertyRuns(10));

describe("the gate where nothing has changed", { tags: "F2.16" }, () => {
  it.each(PAIRS)(
    "holds its level with %i samples a case in the baseline and %i in the run, however many cases, however often they pass",
    (...samples) => {
      const shares = [10, 30, 200].flatMap((cases) =>
        [0.05, 0.1, 0.5, 0.9, 0.95, 0.98].map((probability) => ({
          cases,
          probability,
          alarms: falseAlarms({ samples, cases, probability, runs: RUNS }),
        })),
      );
      // Of 162 points one may lie three and a half standard errors out once in a dozen soaks with other seeds.
      expect(shares.filter(({ alarms }) => alarms > levelWithin(3.5, RUNS))).toEqual([]);
      const mean = shares.reduce((sum, { alarms }) => sum + alarms, 0) / shares.length;
      expect(mean).toBeLessThanOrEqual(levelWithin(3, RUNS * shares.length));
    },
  );
});
