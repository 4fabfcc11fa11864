import { describe, expect, it } from "vitest";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { Answer } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { REFUND, refund } from "./completions/row.ts";

const next = promptFunction(b, "NextStep", { bamlFiles: undefined });
const post = promptFunction(b, "Post", { bamlFiles: undefined });

/** What the model is told, without the sentences around it. */
function told(fn: { parse(text: string): Answer<unknown> }, completion: string): string {
  const answer = fn.parse(completion);
  if (answer.ok) return `accepted as ${answer.fidelity.grade}`;
  return answer.message
    .replace("The answer does not fit the expected form. ", "")
    .replace(" Answer with one JSON value of that form.", "");
}

const INTENTS =
  'it must be one of "refund", "search", "send_mail", "transfer", "request_more_information", "done_for_now".';
const envelope = (fields: object) =>
  JSON.stringify({ intent: "post", content: { kind: "letter", pages: 1 }, stamps: [], ...fields });

describe("what the model reads when its answer fits no step", { tags: "F9.8" }, () => {
  it("names arguments that are JSON text in a field of their own", () => {
    const args = JSON.stringify({ order_id: "A1", amount: 40 });
    expect(told(next, JSON.stringify({ intent: "refund", args }))).toBe(
      "The field args holds JSON text: write what it holds as fields beside the intent. " +
        "Missing required field: order_id. Missing required field: amount.",
    );
  });

  it("names arguments that stand inside another field, as an object or as text that is no strict JSON", () => {
    const missing = "Missing required field: order_id. Missing required field: amount.";
    expect(told(next, '{"intent":"refund","arguments":{"order_id":"A1","amount":40}}')).toBe(
      `The field arguments holds fields that are missing: write what it holds as fields beside the intent. ${missing}`,
    );
    expect(told(next, `{"intent":"refund","args":"{'order_id': 'A1', 'amount': 40}"}`)).toBe(
      `The field args holds JSON text: write what it holds as fields beside the intent. ${missing}`,
    );
  });

  it("names a tool call in the form of another interface, and what to write instead", () => {
    const call = (at: string, given?: string) =>
      `The field intent is missing; ${INTENTS} The field "${at}" names a step: write "intent": "refund" instead${
        given === undefined ? "" : `, and the fields that "${given}" holds beside it`
      }.`;
    const args = { order_id: "A1", amount: 40 };
    for (const [answer, message] of [
      [{ name: "refund", arguments: JSON.stringify(args) }, call("name", "arguments")],
      [{ name: "refund", parameters: args }, call("name", "parameters")],
      [{ type: "refund", ...args }, call("type")],
      [{ refund: args }, call("refund", "refund")],
      [{ tool_calls: [{ function: { name: "refund", arguments: "{}" } }] }, call("name", "arguments")],
      [{ order_id: "refund it", amount: 40 }, `The field intent is missing; ${INTENTS}`],
    ] as const)
      expect(told(next, JSON.stringify(answer)), JSON.stringify(answer)).toBe(message);
    const steps = promptFunction(b, "NextSteps", { bamlFiles: getBamlFiles });
    expect(told(steps, JSON.stringify([{ name: "refund", arguments: "{}" }]))).toBe(
      call("name", "arguments"),
    );
  });

  it("names JSON text in the steps of a list, and a list that is JSON text as a whole", () => {
    const transfer = {
      intent: "transfer",
      from_account: { iban: "A" },
      to_account: '{"iban":"B"}',
      amount: 1,
      urgent: true,
    };
    const twice = (path: string) =>
      `holds JSON text: write the object or list itself, without quotes around it.`.replace(
        /^/,
        `The field ${path} `,
      );
    for (const steps of [
      promptFunction(b, "NextSteps", { bamlFiles: getBamlFiles }),
      promptFunction(b, "NextSteps", { bamlFiles: undefined }),
    ]) {
      expect(told(steps, JSON.stringify([JSON.parse(REFUND), transfer]))).toBe(
        `Item 2 of the list does not fit. ${twice("to_account")}`,
      );
      expect(told(steps, '[{"intent":"search","query":"x","tags":"[\\"a\\"]"}]')).toBe(
        `Item 1 of the list does not fit. ${twice("tags")}`,
      );
      expect(told(steps, JSON.stringify(`[${REFUND}]`))).toBe(
        "It is JSON text inside a string: write the JSON itself, without quotes around it.",
      );
    }
    const steps = promptFunction(b, "NextSteps", { bamlFiles: getBamlFiles });
    expect(told(steps, '[{"intent":"refund","args":"{\\"order_id\\":\\"A1\\",\\"amount\\":4}"}]')).toBe(
      "The item of the list does not fit. The field args holds JSON text: write what it holds as fields beside the intent. Missing required field: order_id. Missing required field: amount.",
    );
    expect(told(next, refund({ amount: '{"value":40}' }))).toBe(
      "The field amount holds JSON text: a single value belongs there, no list or object.",
    );
  });

  it("names an intent that there is not, with those that there are, before anything else", () => {
    expect(told(next, '{"intent":"refund_result","value":7}')).toBe(
      `The field intent is "refund_result"; ${INTENTS}`,
    );
    expect(told(next, '{"intent":"fly"}')).toBe(`The field intent is "fly"; ${INTENTS}`);
    expect(told(next, "{intent: fly, to: 'Rome',}")).toBe(`The field intent is "fly"; ${INTENTS}`);
    expect(told(next, `I will do this:\n${refund({ intent: "issue_refund" })}`)).toBe(
      `The field intent is "issue_refund"; ${INTENTS}`,
    );
    expect(told(next, JSON.stringify({ intent: "x".repeat(200_000) }))).toBe(
      `The field intent is "${"x".repeat(60)}…"; ${INTENTS}`,
    );
  });

  it("names an intent that is no text", () => {
    for (const [intent, shown] of [
      ["null", "null"],
      ["7", "7"],
      ["true", "true"],
      ['["refund"]', "a list"],
      ['{"name":"refund"}', "an object"],
    ]) {
      const completion = `{"intent":${intent},"order_id":"A1","amount":40}`;
      expect(told(next, completion)).toBe(`The field intent is ${shown}; ${INTENTS}`);
    }
    expect(told(next, '{"intent":null}')).toBe(`The field intent is null; ${INTENTS}`);
  });

  it("names the values of an enum as the prompt does, under their aliases", () => {
    const invoice = promptFunction(b, "ExtractInvoice", { bamlFiles: getBamlFiles });
    // The fields as well; a wrong name is none that the field may have.
    expect(told(invoice, '{"total":5,"status":"OPEN","items":[]}')).toBe(
      "Missing required field: total_amount.",
    );
    expect(told(invoice, '{"total_amount":"five","status":"OPEN","items":[]}')).toBe(
      'Field total_amount: Expected int, got "five".',
    );
    const files = Object.entries(getBamlFiles()).map(([path, text]) => [
      path,
      text
        .replace("order_id string", 'order_id string @alias("order")')
        .replace("iban string", 'iban string @alias("number")'),
    ]);
    const aliased = Object.fromEntries(files);
    const steps = promptFunction(b, "NextSteps", { bamlFiles: getBamlFiles }).withBamlFiles(aliased);
    expect(told(steps, `[${REFUND}]`)).toBe(
      "The item of the list does not fit. Missing required field: order.",
    );
    const step = promptFunction(b, "NextStep", { bamlFiles: getBamlFiles }).withBamlFiles(aliased);
    expect(told(step, REFUND)).toBe("Missing required field: order.");
    const transfer = {
      intent: "transfer",
      from_account: { iban: "A" },
      to_account: { number: "B" },
      amount: 1,
      urgent: true,
    };
    expect(told(step, JSON.stringify(transfer))).toBe("Missing required field: from_account.number.");
    const status = (value: string) => told(invoice, `{"total_amount":5,"status":${value},"items":[]}`);
    const wanted = 'Field status: Expected "paid in full" or "OPEN" or "k3", got';
    expect(status('"lost"')).toBe(`${wanted} "lost".`);
    expect(status("null")).toBe(`${wanted} null.`);
    expect(status("7")).toBe(`${wanted} 7.`);
    const classify = promptFunction(b, "Classify", { bamlFiles: getBamlFiles });
    expect(told(classify, "Nonsense")).toBe(
      'Expected "Billing" or "Shipping" or "Returns" or "Other", got "Nonsense".',
    );
    // Words of the model's that look like the parser's stay as they are.
    expect(status('"Expected InvoiceStatus enum value, got 1"')).toBe(
      `${wanted} "Expected InvoiceStatus enum value, got 1".`,
    );
  });

  it("is the same for long values as for short ones", () => {
    const parcel = (text: string) => envelope({ content: { kind: "parcel", weight: 1, size: text } });
    const files = { bamlFiles: getBamlFiles };
    const fns = [promptFunction(b, "Post", { bamlFiles: undefined }), promptFunction(b, "Post", files)];
    for (const fn of fns) {
      for (const length of [1_000, 100_000, 600_000]) {
        expect(told(fn, parcel("x".repeat(length)))).toBe(
          `Field content.size: Expected int or float, got "${"x".repeat(60)}…".`,
        );
        expect(told(fn, envelope({ content: { kind: '"\n\u0007'.repeat(length / 20), pages: 1 } }))).toBe(
          `The field content.kind is ${JSON.stringify('"\n\u0007'.repeat(20)).slice(0, -1)}…"; it must be one of "letter", "parcel".`,
        );
      }
    }
  });

  it("names it in a list of steps as well, where the parser would drop it", () => {
    const steps = promptFunction(b, "NextSteps", { bamlFiles: getBamlFiles });
    expect(steps.parse(`[${REFUND},{"intent":"refund_result","value":7}]`)).toMatchObject({
      ok: false,
      message: expect.stringContaining(`The field intent is "refund_result"; ${INTENTS}`),
    });
    expect(steps.parse(`[${REFUND},${REFUND.replace("A1", "A2")}]`)).toMatchObject({
      ok: true,
      fidelity: { grade: "exact" },
    });
  });

  it("names the step of a list, or the lack of one, that the parser would drop without a word", () => {
    const steps = promptFunction(b, "NextSteps", { bamlFiles: getBamlFiles });
    const missing = "Missing required field: order_id. Missing required field: amount.";
    for (const completion of ['[{"intent":"refund"}]', '{"intent":"refund"}', '[{"intent":"refund",}]'])
      expect(told(steps, completion), completion).toBe(`The item of the list does not fit. ${missing}`);
    expect(told(steps, `[${REFUND},{"intent":"refund"}]`)).toBe(
      `Item 2 of the list does not fit. ${missing}`,
    );
    expect(told(steps, `[${refund({ amount: "a lot" })}]`)).toBe(
      'The item of the list does not fit. Field amount: Expected int, got "a lot".',
    );
    expect(told(steps, '["refund"]')).toBe('The item of the list does not fit. It is "refund".');
    expect(told(steps, "[null]")).toBe("The item of the list does not fit. It is null.");
    expect(told(steps, "nothing to do")).toBe("It holds no JSON list.");
    expect(told(steps, "[]")).toBe("accepted as exact");
    const blind = promptFunction(b, "NextSteps", { bamlFiles: undefined });
    expect(told(blind, '[{"intent":"refund"}]')).toBe(
      "The item of the list does not fit. A required field is missing, or a value has another type.",
    );
    const categories = promptFunction(b, "ClassifyMany", { bamlFiles: getBamlFiles });
    expect(told(categories, '["Unknown"]')).toBe('The item of the list does not fit. It is "Unknown".');
    expect(told(categories, '["Billing","Unknown"]')).toBe("accepted as doubtful");
  });

  it("says that the intent is missing, with its values", () => {
    expect(told(next, '{"a":3,"b":4}')).toBe(`The field intent is missing; ${INTENTS}`);
    expect(told(next, `{"response":${REFUND}}`)).toBe(
      `The field intent is missing; ${INTENTS} Do not put the fields inside "response".`,
    );
  });

  it("takes unions inside fields apart like the one around all of them", () => {
    expect(told(post, envelope({ content: { kind: "parcel", weight: 1, size: "big" } }))).toBe(
      'Field content.size: Expected int or float, got "big".',
    );
    expect(told(post, envelope({ content: { kind: "letter" } }))).toBe(
      "Missing required field: content.pages.",
    );
    expect(told(post, envelope({ content: { kind: "card", pages: 1 } }))).toBe(
      'The field content.kind is "card"; it must be one of "letter", "parcel".',
    );
  });

  it("holds nothing of the parser's own", () => {
    for (const completion of [
      refund({ amount: { value: 40 } }),
      refund({ amount: [] }),
      refund({ amount: null, order_id: null }),
      refund({ amount: 'a "lot"\nof it' }),
      refund({ amount: true }),
      envelope({ content: [1, 2] }),
      envelope({ content: { kind: "parcel", weight: "x", size: { a: [1] } } }),
      envelope({ content: 7, stamps: "none", note: 7 }),
      '{"intent":"transfer","from_account":7,"to_account":{},"amount":"x","urgent":"maybe"}',
    ]) {
      const message = told(completion.includes('"post"') ? post : next, completion);
      expect(message, completion).not.toMatch(
        /ParsingError|Complete|@stream|Failed|in \d+ items|\n|\\n {2}|String\(|Object\(/,
      );
      const sentences = message.split(/(?<=\.) (?=[A-Z])/);
      expect(new Set(sentences).size, message).toBe(sentences.length);
    }
    expect(told(next, refund({ amount: { value: "a lot" } }))).toBe(
      "Field amount: Expected int, got an object.",
    );
    expect(told(next, refund({ amount: 'a "lot"\nof it' }))).toBe(
      'Field amount: Expected int, got "a \\"lot\\"\\nof it".',
    );
  });

  it("says of a field whose object or list is JSON text that it is, for any step", () => {
    const twice = (path: string) =>
      `The field ${path} holds JSON text: write the object or list itself, without quotes around it.`;
    expect(told(next, '{"intent":"search","query":"x","tags":"[\\"a\\",\\"b\\"]"}')).toBe(twice("tags"));
    expect(
      told(
        next,
        '{"intent":"transfer","from_account":"{\\"iban\\":\\"A\\"}","to_account":{"iban":"B"},"amount":1,"urgent":true}',
      ),
    ).toBe(twice("from_account"));
    expect(told(post, envelope({ content: JSON.stringify({ kind: "letter", pages: 1 }) }))).toBe(
      twice("content"),
    );
    expect(told(post, envelope({ stamps: [JSON.stringify({ cents: 5 })] }))).toBe(twice("stamps.0"));
    expect(told(next, `{'intent': 'search', 'query': 'x', 'tags': '["a","b"]'}`)).toBe(twice("tags"));
    expect(told(next, JSON.stringify(REFUND))).toBe(
      "It is JSON text inside a string: write the JSON itself, without quotes around it.",
    );
  });

  it("leaves JSON in a field that is a text alone", () => {
    expect(told(next, JSON.stringify({ intent: "done_for_now", message: REFUND }))).toBe("accepted as exact");
    expect(told(next, refund({ reason: "[1, 2]" }))).toBe("accepted as exact");
    expect(told(post, envelope({ note: '{"a":1}' }))).toBe("accepted as exact");
  });
});
