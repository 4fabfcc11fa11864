import { describe, expect, it } from "vitest";
import { ownWords } from "../../src/agent/own-words.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { b } from "../prompts/baml_client/index.ts";

const next = promptFunction(b, "NextStep", { bamlFiles: undefined });
const REFUND = '"intent":"refund","order_id":"A1","amount":40';

describe("the model's own words", { tags: "F4.10" }, () => {
  it.each([
    [
      "a comment",
      `{"intent":"refund", /* only if she has paid */ "order_id":"A1","amount":40}`,
      "only if she has paid",
    ],
    ["a comment at the end of a line", `{${REFUND} // wait for approval\n}`, "wait for approval"],
    ["a comment after it", `{${REFUND}} // NO. Only an example.`, "Only an example"],
    [
      "a field that the step does not have",
      `{"thoughts":"I do NOT want this",${REFUND}}`,
      "I do NOT want this",
    ],
    ["a field that is not taken", `{"note":"do NOT run this",${REFUND}}`, "do NOT run this"],
    ["a field beside words", `Well: {"note":"do NOT run this",${REFUND}}`, "do NOT run this"],
    ["a value that was changed", `{${REFUND.replace("40", "39.6")}}`, "39.6"],
    ["a value given twice", `{${REFUND},"amount":50}`, "50"],
    [
      "a second fence",
      `\`\`\`json\n{${REFUND}}\n\`\`\`\n\`\`\`json\n{${REFUND.replace("40", "7")}}\n\`\`\``,
      ":7",
    ],
    ["the name of a fence", `\`\`\`example\n{${REFUND}}\n\`\`\``, "example"],
    ["a second step's field", `[{"intent":"search","query":"x","tags":[]},{"note":"no",${REFUND}}]`, '"no"'],
  ])("are shown where they stand within the JSON: %s", (_, completion, words) => {
    const said = ownWords(next.parse(completion));
    expect(said?.text).toContain(words);
  });

  it("are quoted to the model without the JSON", () => {
    const withoutJson = (completion: string) => ownWords(next.parse(completion))?.withoutJson;
    expect(withoutJson(`{${REFUND} // wait for approval\n}`)).toBe("// wait for approval");
    expect(withoutJson(`Well: {"note":"no",${REFUND}}`)).toBe("Well: [JSON]");
    expect(withoutJson(`{"note":"no",${REFUND}}`)).toBe("");
  });

  it.each([
    `{${REFUND}}`,
    `{${REFUND},}`,
    `{${REFUND.replace("A1", "http://a/#1")},}`,
    `\`\`\`json\n{${REFUND}}\n\`\`\``,
    `[{${REFUND}},{${REFUND.replace("40", "7")}}]`,
  ])("are none in %s", (completion) => {
    expect(ownWords(next.parse(completion))).toBeUndefined();
  });
});
