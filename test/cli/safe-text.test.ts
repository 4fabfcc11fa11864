import fc from "fast-check";
import { expect, it } from "vitest";
import { safeLine, safeText } from "../../src/present/visible-text.ts";
import { propertyRuns } from "../property-runs.ts";

it("no text from outside can move the cursor, recolour, reorder or hide what an approver reads", () => {
  expect(safeText("pay 5\u001b[2K\rpay 5000")).toBe("pay 5\\x1b[2K\\x0dpay 5000");
  expect(safeText("a\u202eb\u200bc\u009b1m")).toBe("a\\u{202e}b\\u{200b}c\\x9b1m");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(safeText(text)).not.toMatch(/[^\P{C}\n\t]/u);
      expect(safeLine(text)).not.toMatch(/[\n\t]/);
    }),
    { numRuns: propertyRuns(500) },
  );
});

it("ordinary text stays as it is, in every script", () => {
  const text = "Grüße, 你好, שלום, 👋🏽 — “quoted”\n\tindented";
  expect(safeText(text)).toBe(text);
});
