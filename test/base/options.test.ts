import { describe, expect, it } from "vitest";
import { fields, optional } from "../../src/base/checks.ts";
import { callback, checkOptions, count, durationMs, objectWith } from "../../src/base/options.ts";

const schema = fields({
  store: objectWith("append", "read"),
  concurrency: optional(count),
  claimMs: optional(durationMs),
  onProblem: optional(callback),
});
const store = { append: () => {}, read: () => {} };
const check = (options: unknown) => () => checkOptions("createRuntime", schema, options);

describe("checkOptions", () => {
  it("lets options pass that fit, undefined ones too", () => {
    expect(check({ store, concurrency: 2, claimMs: undefined })).not.toThrow();
  });

  it("names an unknown option and the known ones", () => {
    expect(check({ store, concurency: 2 })).toThrow(
      'createRuntime: unknown option "concurency"; known: store, concurrency, claimMs, onProblem',
    );
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1.5, "2"])("refuses %s as a count", (concurrency) => {
    expect(check({ store, concurrency })).toThrow(/createRuntime: concurrency: /);
  });

  it.each([0, -1, Number.POSITIVE_INFINITY, 1e300])("refuses %s as a duration", (claimMs) => {
    expect(check({ store, claimMs })).toThrow(/claimMs: /);
  });

  it("says what an object lacks, and says everything at once", () => {
    expect(check({ store: { append() {} }, onProblem: "log" })).toThrow(
      "createRuntime: store: must be an object with append, read; onProblem: must be a function",
    );
  });
});
