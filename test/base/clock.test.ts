import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isoTime, LAST_TIME } from "../../src/base/clock.ts";

describe("a time in events", () => {
  it("is what a date makes of it, within a second and across its ends", () => {
    const around = fc.integer({ min: -3_000, max: 3_000 });
    fc.assert(
      fc.property(fc.integer({ min: -LAST_TIME, max: LAST_TIME }), fc.array(around), (start, steps) => {
        for (const step of [0, 0.5, ...steps]) {
          const time = Math.min(LAST_TIME, Math.max(-LAST_TIME, start + step));
          expect(isoTime(time)).toBe(new Date(time).toISOString());
        }
      }),
    );
  });
});
