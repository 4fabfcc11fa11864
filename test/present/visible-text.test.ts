import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  inWords,
  visible,
  visibleFields,
  visibleLine,
  visibleValue,
} from "../../src/present/visible-text.ts";
import { anyText } from "../any-text.ts";
import { propertyRuns } from "../property-runs.ts";

const HIDDEN = /[[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]--[\t\n]]/v;

describe("text from outside", { tags: ["F11.1", "F7.12"] }, () => {
  it("cannot move the cursor, recolour, reorder or hide what an approver reads", () => {
    expect(visible("pay 5\u001b[2K\rpay 5000")).toBe("pay 5[U+001B][2K[U+000D]pay 5000");
    expect(visible("a\u202eb\u200bc\u009b1m")).toBe("a[U+202E]b[U+200B]c[U+009B]1m");
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(visible(text)).not.toMatch(HIDDEN);
        expect(visibleLine(text)).not.toMatch(/[\n\t]/);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it.each([
    ["a zero-width space", "\u200b"],
    ["a zero-width joiner", "\u200d"],
    ["a word joiner", "\u2060"],
    ["a soft hyphen", "\u00ad"],
    ["a byte order mark", "\ufeff"],
    ["a combining grapheme joiner", "\u034f"],
    ["Hangul fillers", "\u115f\u1160\u3164\uffa0"],
    ["a braille blank", "\u2800"],
    ["a musical null notehead", "\u{1d159}"],
    ["variation selectors", "\ufe00\ufe0f\u{e0100}"],
    ["a Mongolian vowel separator", "\u180e"],
    ["bidirectional overrides, isolates and marks", "\u202e\u2066\u2069\u200f\u061c"],
    ["tags", "\u{e0070}\u{e0061}\u{e0079}"],
    ["line separators", "\u2028\u2029"],
    ["controls", "\u0000\u0007\u001b\u007f\u0085\u009b"],
    ["private use", "\ue000"],
    ["code points that are not assigned", "\u{e0fff}\u0378"],
  ])("shows %s as code points", (_, hidden) => {
    const shown = visible(`1${hidden}0`);
    expect(shown).toMatch(/^1(?:\[U\+[0-9A-F]{4,6}\])+0$/);
    expect(shown.match(/U/g)).toHaveLength([...hidden].length);
  });

  it("stays as it is in every script, with its emoji", () => {
    for (const text of [
      "Grüße, 你好, שלום, नमस्ते — “quoted”\n\tindented",
      "👋🏽 ❤️ ⚠️ 1️⃣ 👩‍🚀 👩🏽‍❤️‍💋‍👨🏿 🏳️‍🌈",
    ]) {
      expect(visible(text)).toBe(text);
    }
    expect(visible("a\r\nb")).toBe("a\nb");
    expect(visible("5\ufe0f00")).toBe("5[U+FE0F]00");
  });

  it("is shown whole or cut with an ellipsis, on one line", () => {
    expect(visibleLine(`a\n\n  ${"b".repeat(10)}`, 8)).toBe("a bbbbb…");
    expect(visibleValue({ a: "x\u200b" })).toBe('{"a":"x[U+200B]"}');
    expect(visibleValue(undefined)).toBe("");
    expect(visibleFields({ a: 3, b: "four" })).toBe('a=3 b="four"');
    expect(inWords("request_more_information")).toBe("Request more information");
  });
});
