import { describe, expect, it } from "vitest";
import {
  judgeReading,
  messyTable,
  READERS,
  readCorpus,
  tableOfPage,
} from "../../scripts/messy-completions.ts";

const corpus = readCorpus();

describe("F4.8 docs/messy-completions.md", { tags: "F4.8" }, () => {
  it("stands on at least 200 completions, a third of them of real models, each with an id of its own", () => {
    expect(corpus.length).toBeGreaterThanOrEqual(200);
    expect(corpus.filter(({ model }) => model !== undefined).length * 3).toBeGreaterThanOrEqual(
      corpus.length,
    );
    expect(new Set(corpus.map(({ id }) => id)).size).toBe(corpus.length);
  });

  it("shows what the readers make of them now (npx tsx scripts/messy-completions.ts --write)", () => {
    expect(tableOfPage()).toBe(messyTable(corpus));
  });

  it("our reading gives no step where a person sees none", () => {
    const read = READERS["`promptFunction`"];
    if (read === undefined) throw new Error("our reading is one of the readers");
    const wrong = corpus.filter((one) => one.expected === null && judgeReading(read, one) === "wrong");
    expect(wrong).toEqual([]);
  });
});
