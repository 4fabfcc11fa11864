import { describe, expect, it } from "vitest";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { b } from "./baml_client/index.ts";
import { REFUND, REFUND_VALUE, SEARCH, SEARCH_VALUE } from "./completions/row.ts";

const next = promptFunction(b, "NextStep", { bamlFiles: undefined, prose: "before" });

describe("reasoning", { tags: "F2.6" }, () => {
  const REASON = "The parcel was late by three days. The terms give the customer his money back.";

  it("before the answer is no part of the value and stays in the raw completion", { tags: "F2.6" }, () => {
    for (const completion of [
      `${REASON}\n\n${REFUND}`,
      `<think>${REASON}</think>\n${REFUND}`,
      `<reasoning>\n${REASON}\n</reasoning>\n\`\`\`json\n${REFUND}\n\`\`\``,
    ]) {
      expect(next.parse(completion)).toMatchObject({
        ok: true,
        value: REFUND_VALUE,
        fidelity: { grade: "exact" },
        completion: { raw: completion },
      });
    }
  });

  it("in a field of the type is part of the value, whatever it says", { tags: "F2.6" }, () => {
    const completion = `{"reasoning":"It would be wrong to pass this. Wait: {no}.","pass":false}`;
    expect(promptFunction(b, "Review", { bamlFiles: undefined }).parse(completion)).toMatchObject({
      ok: true,
      value: { reasoning: "It would be wrong to pass this. Wait: {no}.", pass: false },
      fidelity: { grade: "exact" },
    });
  });

  it("in a field that the type does not have is dropped, and that is said", { tags: "F2.6" }, () => {
    expect(next.parse(`{"reasoning":${JSON.stringify(REASON)},${REFUND.slice(1)}`)).toMatchObject({
      ok: true,
      value: REFUND_VALUE,
      fidelity: { grade: "tolerant", reasons: ["extra_field"] },
    });
  });
});

describe("several steps in one completion", { tags: "F4.5" }, () => {
  it("all come out, in order, each with its own fidelity", { tags: "F4.5" }, () => {
    const rounded = '{"intent":"refund","order_id":"B2","amount":39.5}';
    expect(next.parse(`[${SEARCH},${rounded},${REFUND}]`)).toMatchObject({
      ok: true,
      value: SEARCH_VALUE,
      fidelity: { grade: "exact" },
      more: [
        {
          value: { order_id: "B2", amount: 40 },
          fidelity: { grade: "doubtful", reasons: ["coerced_value"] },
        },
        { value: REFUND_VALUE, fidelity: { grade: "exact" } },
      ],
    });
  });

  it("none is run or lost when one of them does not fit: that one is named", { tags: "F4.5" }, () => {
    const answer = next.parse(`${SEARCH}\n{"intent":"refund"}\n${REFUND}`);
    expect(answer).toMatchObject({ ok: false, reason: "no_match" });
    expect(answer.ok ? "" : answer.message).toMatch(
      /^Step 2 of the answer cannot be run, so none was\..*order_id/,
    );
  });
});

describe("a completion that does not parse", { tags: "F9.8" }, () => {
  it("is kept raw, with a reason that the model can act on", { tags: "F9.8" }, () => {
    const completion = 'Refunding.\n{"intent":"refund","order":"A1","amount":"a lot"}';
    expect(next.parse(completion)).toEqual({
      ok: false,
      reason: "no_match",
      message:
        "The answer does not fit the expected form. Missing required field: order_id. " +
        'Field amount: Expected int, got "a lot". Answer with one JSON value of that form.',
      completion: { raw: completion, client: "none", usage: null, durationMs: 0, requestDigest: "" },
    });
  });
});
