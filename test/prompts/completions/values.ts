import type { FidelityReason } from "../../../src/base/fidelity.ts";
import { DONE_VALUE, REFUND, REFUND_VALUE, type Row, refund, SEARCH_VALUE } from "./row.ts";

const coerced = (amount: string, value: number, ...more: FidelityReason[]): Row => [
  "NextStep",
  `{"intent":"refund","order_id":"A1","amount":${amount}}`,
  { doubtful: { ...REFUND_VALUE, amount: value }, because: ["coerced_value", ...more] },
];
const tolerant = (completion: string, value: unknown, ...because: FidelityReason[]): Row => [
  "NextStep",
  completion,
  { tolerant: value, because },
];
const doubtful = (completion: string, value: unknown, ...because: FidelityReason[]): Row => [
  "NextStep",
  completion,
  { doubtful: value, because },
];

const account = (iban: string) => ({ iban, owner: null });
const transfer = {
  intent: "transfer",
  from_account: account("D1"),
  to_account: account("D2"),
  amount: 1,
  urgent: true,
};

/** Strict JSON whose values are not what the type wants. */
export const VALUES: readonly Row[] = [
  coerced("12.7", 13),
  coerced("2.5", 3),
  coerced("-0.5", -1),
  coerced('"1/3"', 0),
  coerced('"4,5"', 45),
  coerced('"4,000"', 4000),
  coerced('"$40"', 40),
  coerced('"40 EUR"', 40),
  coerced('"(40)"', 40),
  coerced('"40.0"', 40),
  coerced("[40,50]", 40),
  coerced("[40]", 40),
  coerced("1e30", Number(2n ** 63n)),
  doubtful(
    '{"intent":"refund","order_id":"A1","amount":9007199254740993}',
    { ...REFUND_VALUE, amount: 9007199254740992 },
    "imprecise_number",
  ),
  doubtful(
    '{"intent":"refund","order_id":12345678901234567890,"amount":40}',
    { ...REFUND_VALUE, order_id: "12345678901234567890" },
    "coerced_value",
    "imprecise_number",
  ),
  tolerant(refund({ amount: "40" }), REFUND_VALUE, "retyped_value"),
  tolerant(refund({ order_id: 7 }), { ...REFUND_VALUE, order_id: "7" }, "retyped_value"),
  tolerant(refund({ reason: true }), { ...REFUND_VALUE, reason: "true" }, "retyped_value"),
  tolerant(refund({ intent: "REFUND" }), REFUND_VALUE, "loose_match"),
  tolerant(refund({ intent: " refund " }), REFUND_VALUE, "loose_match"),
  tolerant('{"Intent":"refund","ORDER_ID":"A1","amount":40}', REFUND_VALUE, "loose_match"),
  tolerant(refund({ note: null }), REFUND_VALUE, "extra_field"),
  tolerant(refund({ reasoning: "it was late" }), REFUND_VALUE, "extra_field"),
  tolerant('{"intent":"search","query":"x"}', SEARCH_VALUE, "defaulted_list"),
  tolerant('{"intent":"search","query":"x","tags":null}', SEARCH_VALUE, "defaulted_list"),
  tolerant('{"intent":"search","query":"x","tags":"a"}', { ...SEARCH_VALUE, tags: ["a"] }, "wrapped_in_list"),
  tolerant(
    '{"intent":"search","query":"x","tags":["a",1]}',
    { ...SEARCH_VALUE, tags: ["a", "1"] },
    "retyped_value",
  ),
  ...["do not refund", "refund-order", "refund.", "refund_result"].map(
    (intent): Row => [
      "NextStep",
      refund({ intent }),
      {
        refused: "no_match",
        saying: `The field intent is "${intent}"; it must be one of "refund", "search"`,
      },
    ],
  ),
  [
    "NextStep",
    refund({ intent: ["refund"] }),
    { refused: "no_match", saying: 'The field intent is a list; it must be one of "refund"' },
  ],
  doubtful(refund({ currency: "JPY" }), REFUND_VALUE, "lost_value"),
  doubtful(refund({ dry_run: true }), REFUND_VALUE, "lost_value"),
  doubtful(refund({ Amount: 4000 }), REFUND_VALUE, "lost_value"),
  doubtful('{"intent":"done_for_now","message":"hi","__proto__":{"admin":true}}', DONE_VALUE, "lost_value"),
  doubtful(refund({ order_id: ["A1", "A2"] }), { ...REFUND_VALUE, order_id: "[A1, A2]" }, "coerced_value"),
  doubtful(refund({ order_id: { id: "A1" } }), { ...REFUND_VALUE, order_id: "{id: A1}" }, "coerced_value"),
  doubtful(
    '{"intent":"search","query":"x","tags":["a",null]}',
    { ...SEARCH_VALUE, tags: ["a"] },
    "lost_value",
  ),
  doubtful('{"intent":"search","query":"x","tags":[],"limit":"many"}', SEARCH_VALUE, "lost_value"),
  doubtful(
    '{"intent":"transfer","from_account":[{"iban":"D1"}],"to_account":{"iban":"D2"},"amount":1,"urgent":true}',
    transfer,
    "coerced_value",
  ),
  doubtful(
    '{"intent":"transfer","from_account":{"iban":"D1","bic":"X"},"to_account":{"iban":"D2"},"amount":1,"urgent":true}',
    transfer,
    "lost_value",
  ),
  doubtful(
    '{"intent":"refund","order_id":"A1","amount":40,"amount":4000}',
    REFUND_VALUE,
    "coerced_value",
    "duplicate_key",
  ),
  doubtful(
    '{"intent":"done_for_now","message":"a\\ud800b"}',
    { ...DONE_VALUE, message: "a\\ud80b" },
    "coerced_value",
  ),
  doubtful(`[[${REFUND}]]`, REFUND_VALUE, "coerced_value"),
  ["NextStep", '{"intent":"refund","order_id":"A1","amount":40,"amount":40}', { exact: REFUND_VALUE }],

  // Numbers that a double cannot hold, however they are written, in strict JSON and in repaired.
  ...["9007199254740993.0", "9007199254740993e0", "9.007199254740993e15"].map((amount) =>
    doubtful(
      `{"intent":"refund","order_id":"A1","amount":${amount}}`,
      { ...REFUND_VALUE, amount: 9007199254740992 },
      "imprecise_number",
    ),
  ),
  ...[
    ["39.9999999999999999999", 40],
    ["1e-400", 0],
    ["0.1000000000000000055511151231257827", 0.1],
    ["3.14159265358979323846", Math.PI],
    ["123456789012345678.5", 123456789012345680],
  ].flatMap(([written, amount]) => {
    const json = `{"intent": "transfer", "from_account": {"iban": "D1"}, "to_account": {"iban": "D2"}, "urgent": true, "amount": ${written}`;
    const value = { ...transfer, amount };
    return [
      doubtful(`${json}}`, value, "imprecise_number"),
      doubtful(`${json}, }`, value, "imprecise_number", "repaired_syntax"),
    ];
  }),
  ["Measure", "39.9999999999999999999", { doubtful: 40, because: ["imprecise_number"] }],
  ["Measure", "1e-400", { doubtful: 0, because: ["imprecise_number"] }],
  ["Measure", "0.30000000000000004", { exact: 0.30000000000000004 }],
  ["Measure", "1.7976931348623157e308", { exact: Number.MAX_VALUE }],
  ["Measure", "5e-324", { exact: 5e-324 }],
  ["Measure", "-0.0000000000000000000", { exact: -0 }],
  ["Prices", '{"apple":39.9999999999999999999}', { doubtful: { apple: 40 }, because: ["imprecise_number"] }],

  // An entry of a map is never dropped unnoticed, whatever its name.
  ["Prices", '{"apple":null,"pear":1}', { doubtful: { pear: 1 }, because: ["extra_field", "lost_value"] }],
  [
    "Prices",
    '{"analysis":"cheap","pear":1}',
    { doubtful: { pear: 1 }, because: ["extra_field", "lost_value"] },
  ],
  ["Prices", '{"apple":null}', { doubtful: {}, because: ["extra_field", "lost_value"] }],
  [
    "Prices",
    '{"thoughts": "cheap", "pear": 1, }',
    { doubtful: { pear: 1 }, because: ["extra_field", "lost_value", "repaired_syntax"] },
  ],

  // What fits no type.
  ["NextStep", "", { refused: "empty" }],
  ["NextStep", " \n ", { refused: "empty" }],
  [
    "NextStep",
    "{}",
    { refused: "no_match", saying: 'The field intent is missing; it must be one of "refund"' },
  ],
  ["NextStep", "[]", { refused: "no_match", saying: "holds no JSON object" }],
  ["NextStep", "null", { refused: "no_match" }],
  ["NextStep", "refund", { refused: "no_match", saying: "holds no JSON object" }],
  ["NextStep", "I cannot help with that.", { refused: "no_match" }],
  [
    "NextStep",
    '{"intent":"fly"}',
    { refused: "no_match", saying: 'The field intent is "fly"; it must be one of "refund", "search"' },
  ],
  [
    "NextStep",
    '{"intent":"refund","amount":40}',
    { refused: "no_match", saying: "Missing required field: order_id" },
  ],
  [
    "NextStep",
    refund({ amount: null }),
    { refused: "no_match", saying: "Field amount: Expected int, got null" },
  ],
  ["NextStep", refund({ amount: "forty" }), { refused: "no_match", saying: "Field amount" }],
  ["NextStep", `{"response":${REFUND}}`, { refused: "no_match" }],
  ["NextStep", '{"name":"refund","arguments":{"order_id":"A1","amount":40}}', { refused: "no_match" }],
  ["NextStep", JSON.stringify(REFUND), { refused: "no_match" }],
  ["NextStep", "intent: refund\norder_id: A1\namount: 40", { refused: "no_match" }],
  ["NextStep", "<refund><order_id>A1</order_id></refund>", { refused: "no_match" }],
];
