import { describe, expect, it } from "vitest";
import { ownWords } from "../../src/agent/own-words.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { b } from "../prompts/baml_client/index.ts";

const next = promptFunction(b, "NextStep");
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
  ])("are shown where they stand within the JSON: %s", (_, completion, words) => {
    const said = ownWords(next.parse(completion));
    expect(said?.text).toContain(words);
  });

  it.each([`{${REFUND}}`, `{${REFUND},}`, `\`\`\`json\n{${REFUND}}\n\`\`\``])(
    "are none in %s",
    (completion) => {
      expect(ownWords(next.parse(completion))).toBeUndefined();
    },
  );
});
