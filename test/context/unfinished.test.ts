import { describe, expect, it } from "vitest";
import { withoutUnfinished } from "../../src/context/redaction/unfinished.ts";

describe("what is still being written", { tags: "S6" }, () => {
  it.each([
    ["a word goes on", { intent: "mail", to: "ada@shop.example", text: "Dear Ad" }, { text: "Dear " }],
    [
      "the last text may be deep inside",
      { intent: "a", of: [{ n: "one" }, { n: "tw" }] },
      { of: [{ n: "one" }, { n: "" }] },
    ],
    ["a number goes on", { intent: "a", card: "it is 4111 1111 1" }, { card: "it is" }],
    [
      "fields that have not begun stand behind it",
      { intent: "a", key: "sk-12", rest: null },
      { key: "", rest: null },
    ],
    ["an intent alone", { intent: "refund" }, { intent: "refund" }],
    ["numbers are whole or wrong", { intent: "add", a: 17 }, { a: 17 }],
  ])("%s", (_name, written, shown) => {
    expect(withoutUnfinished(written)).toEqual({ ...written, ...shown });
  });
});
