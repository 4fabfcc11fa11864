import { describe, expect, it } from "vitest";
import { describeField } from "../../src/present/describe-field.ts";
import { readStepFields } from "../../src/prompts/baml/step-fields.ts";
import { SHOP_BAML } from "../inbox/shop.ts";

describe("the fields of a prompt's steps", () => {
  it("have the types and descriptions that the prompt declares, through aliases and enums", {
    tags: "F7.9",
  }, () => {
    const fields = readStepFields({ "shop.baml": SHOP_BAML }, "DecideShopStep");
    expect([...fields.keys()].sort()).toEqual(["look_up_order", "refund"]);
    const plain = { choices: [], optional: false, description: "" };
    expect(Object.fromEntries(fields.get("refund") ?? [])).toEqual({
      order: { ...plain, kind: "text", description: 'its number, such as "A-1020"' },
      amount: { ...plain, kind: "number", description: "in euros, at most what the order cost" },
      speed: { ...plain, kind: "choice", choices: ["normal", "express"] },
      notify: { ...plain, kind: "texts", description: "who hears of it" },
      note: { ...plain, kind: "text", optional: true },
    });
  });

  it("are left out where they cannot be read, and nothing throws", { tags: "F7.9" }, () => {
    const odd = `class Odd {\n  intent "odd" | "strange"\n  a ("x" | "y // z")? @alias("b")\n  b map<string, int>\n  c Odd?\n  d Loop\n}\ntype Loop = Loop\nfunction F(a: string) -> Odd[] { client X }`;
    const fields = readStepFields({ "odd.baml": odd }, "F");
    expect([...fields.keys()]).toEqual(["odd", "strange"]);
    expect(fields.get("odd")?.get("a")).toEqual({
      kind: "choice",
      choices: ["x", "y // z"],
      alias: "b",
      optional: true,
      description: "",
    });
    for (const name of ["b", "c", "d"]) expect(fields.get("odd")?.get(name)?.kind, name).toBe("other");
    for (const text of ["", "function F(", "class {", `function F() -> Gone {}`, '"#"#"']) {
      expect(readStepFields({ "bad.baml": text }, "F").size).toBe(0);
    }
  });

  it("are read as the gate reads their types: in parentheses, through aliases of anything, and of lists", {
    tags: "F7.9",
  }, () => {
    const baml = [
      'class Deep {\n  intent Intents\n  a (int)\n  b (("x" | "y") | null)\n  c Names\n  d Speed?[]\n  e MoreSpeed\n}',
      'class Plain {\n  intent "Deep" | "plain"\n}',
      'type Intents = "deep"\ntype Name = string\ntype Names = (string[])?\ntype MoreSpeed = Speed | null',
      'enum Speed {\n  Slow\n  Fast @alias("quick")\n}',
      "function F() -> Deep | Plain {}",
    ].join("\n");
    const fields = readStepFields({ "deep.baml": baml }, "F");
    expect([...fields.keys()].sort()).toEqual(["Deep", "deep", "plain"]);
    const plain = { choices: [], optional: false, description: "" };
    expect(Object.fromEntries(fields.get("deep") ?? [])).toEqual({
      a: { ...plain, kind: "integer" },
      b: { ...plain, kind: "choice", choices: ["x", "y"], optional: true },
      c: { ...plain, kind: "texts", optional: true },
      d: { ...plain, kind: "other" },
      e: {
        ...plain,
        kind: "choice",
        choices: ["Slow", "Fast"],
        optional: true,
        written: { Fast: "quick" },
      },
    });
  });

  it("have the unit that the description says", { tags: "F7.4" }, () => {
    const unitOf = (description: string) => describeField("amount", description).unit;
    expect(
      ["in euros, at most what it cost", "in EUR", "in km per hour", "in seconds (whole ones)"].map(unitOf),
    ).toEqual(["euros", "EUR", "km per hour", "seconds"]);
    const elsewhere = {
      "the price in euros": "euros",
      "What to pay, in EUR": "EUR",
      "Weight (kg)": "kg",
      "how long it may take [in minutes]": "minutes",
      "the discount in percent.": "percent",
      minutes: "minutes",
      "number of nights": "nights",
      "how many people come": "people",
    };
    for (const [text, unit] of Object.entries(elsewhere)) expect(unitOf(text), text).toBe(unit);
    for (const other of [
      "in a sentence",
      "in the past",
      "the price in a foreign currency",
      "the place in the queue",
      "the order's number in our books",
      "paid in full",
      "as in May",
      "number of the order",
      "is sold in HTML",
      "in one of these",
      "",
      "in two words here",
    ])
      expect(unitOf(other), other).toBe("");
    expect(describeField("total_amount", "in euros\n\u202eand more").hint).toBe("in euros [U+202E]and more");
  });
});
