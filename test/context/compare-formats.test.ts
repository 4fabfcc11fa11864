import { describe, expect, it } from "vitest";
import { estimateTokens } from "../../src/context/budget/tokens.ts";
import { compareFormats } from "../../src/context/formats/compare-formats.ts";
import { eventsOf, finishedTool, message, proposed } from "./events.ts";

describe("compareFormats", () => {
  it("says what a thread costs in each format, the cheapest first", { tags: "F3.9" }, () => {
    const events = eventsOf(
      message("divide 6 by 2"),
      proposed(3, { intent: "divide", a: 6, b: 2 }),
      finishedTool(3, 3),
    );
    const rows = compareFormats(events, estimateTokens);
    expect(rows.map(({ format }) => format).sort()).toEqual(["json", "markdown", "messages", "xml", "yaml"]);
    expect(rows[0]).toMatchObject({ format: "yaml", ratio: 1, characters: 80, bytes: 80, tokens: 40 });
    const tokens = rows.map((row) => row.tokens);
    expect(tokens).toEqual([...tokens].sort((one, other) => one - other));
    expect(compareFormats([], estimateTokens).every(({ tokens: none }) => none === 0)).toBe(true);
  });
});
