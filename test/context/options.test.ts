import { describe, expect, it } from "vitest";
import { createContext } from "../../src/context/context.ts";
import { createRedactor } from "../../src/context/redaction/redaction.ts";

const call = (make: (options: never) => unknown, options: unknown) => () =>
  Reflect.apply(make, undefined, [options]);

describe("the options of a context", { tags: "F5.7" }, () => {
  it.each<[string, unknown, string]>([
    [
      "a misspelt rule, which would hide nothing",
      { redact: { feilds: ["iban"] } },
      'unknown option "feilds"',
    ],
    ["a misspelt option", { redacted: {} }, 'unknown option "redacted"'],
    ["an unknown format", { format: "toml" }, "format: must be xml"],
    ["a budget that is text", { budget: { tokens: "9000" } }, "budget.tokens:"],
    ["nothing that could be options", 7, "must be an object"],
  ])("%s is refused", (_, options, message) => {
    expect(call(createContext, options)).toThrow(message);
  });

  it("rules of redaction are checked wherever they are given", () => {
    expect(call(createRedactor, { feilds: ["iban"] })).toThrow('redaction: unknown option "feilds"');
    expect(call(createRedactor, { fields: "iban" })).toThrow("redaction: fields: must be a list");
    expect(call(createRedactor, { fields: ["iban"], emails: undefined })).not.toThrow();
  });
});
