import type { FidelityReason } from "../../../src/base/fidelity.ts";
import { DONE_VALUE, REFUND, REFUND_VALUE, type Row, SEARCH_VALUE } from "./row.ts";

const tolerant = (completion: string, value: unknown = REFUND_VALUE): Row => [
  "NextStep",
  completion,
  { tolerant: value, because: ["repaired_syntax"] },
];
const doubtful = (completion: string, value: unknown, ...because: FidelityReason[]): Row => [
  "NextStep",
  completion,
  { doubtful: value, because: ["repaired_syntax", ...because] },
];

const transfer = (from: string, end: string): string =>
  `{"intent":"transfer","amount":1.5,"urgent":true,"from_account":${from},"to_account":{"iban":"B"}${end}`;
const TRANSFER = {
  intent: "transfer",
  from_account: { iban: "A", owner: null },
  to_account: { iban: "B", owner: null },
  amount: 1.5,
  urgent: true,
};

/** JSON with mistakes in its syntax. */
export const SYNTAX: readonly Row[] = [
  tolerant('{"intent": "refund", "order_id": "A1", "amount": 40,}'),
  tolerant('{"intent":"refund","order_id":"A1","amount":40,}'),
  tolerant("{'intent': 'refund', 'order_id': 'A1', 'amount': 40}"),
  tolerant('{intent: "refund", order_id: "A1", amount: 40}'),
  tolerant("{intent: refund, order_id: A1, amount: 40}"),
  // A condition or a retraction may stand in a comment.
  doubtful('{"intent": "refund", /* late */ "order_id": "A1", "amount": 40}', REFUND_VALUE, "prose"),
  doubtful('{"intent": "refund", /* 例 */ "order_id": "A1", "amount": 40}', REFUND_VALUE, "prose"),
  doubtful('{"intent": "refund", /* ❌ */ "order_id": "A1", "amount": 40}', REFUND_VALUE, "prose"),
  tolerant(`${REFUND}}`),
  tolerant(`\`\`\`json\n${REFUND}}\n\`\`\``),
  tolerant('```json\n{"intent": "refund", "order_id": "A1", "amount": 40,}\n```\n'),
  doubtful('{"intent": "refund", "order_id": "A1", /* do not run */ "amount": 40}', REFUND_VALUE, "prose"),
  tolerant('{"intent":"done_for_now","message":"a\nb"}', { ...DONE_VALUE, message: "a\nb" }),
  tolerant('{"intent":"done_for_now","message":"he said "hi" to me"}', {
    ...DONE_VALUE,
    message: 'he said "hi" to me',
  }),
  tolerant('{"intent": "search", "query": "x", "tags": [],}', SEARCH_VALUE),

  tolerant(`{"intent": "done_for_now", "message": "${"one, two: ".repeat(200)}", }`, {
    ...DONE_VALUE,
    message: "one, two: ".repeat(200),
  }),

  // Cut off: what came last may be half of it, and what would have come is missing.
  doubtful('{"intent":"refund","order_id":"A1","amount":4', { ...REFUND_VALUE, amount: 4 }, "cut_off"),
  doubtful('{"intent":"refund","order_id":"A1","amount":40', REFUND_VALUE, "cut_off"),
  doubtful('```json\n{"intent":"refund","order_id":"A1","amount":40', REFUND_VALUE, "cut_off"),
  doubtful(
    '{"intent":"done_for_now","message":"we sent you the mon',
    { ...DONE_VALUE, message: "we sent you the mon" },
    "cut_off",
  ),
  doubtful(
    '{"intent": "refund", "order_id": "A1", "amount": 40, "reason": "late"',
    { ...REFUND_VALUE, reason: "late" },
    "cut_off",
  ),
  doubtful(
    '{"intent": "search", "query": "x", "tags": ["a", "b',
    { ...SEARCH_VALUE, tags: ["a", "b"] },
    "cut_off",
  ),

  // BAML loses the field after an unquoted number when compact JSON needs any repair: it gets this without the comma.
  tolerant('{"intent":"refund","order_id":"A1","amount":40,"reason":"late",}', {
    ...REFUND_VALUE,
    reason: "late",
  }),
  ...[
    transfer('{"iban":"A"}', ",}"),
    transfer('{"iban":"A",}', "}"),
    transfer('{"iban":"A" , }', ",\n}"),
    transfer('{"iban":"A"}', ",}").replaceAll(":", ": ").replaceAll(",", ", "),
  ].map((completion) => tolerant(completion, TRANSFER)),
  tolerant('{"intent":"done_for_now","message":"a ,} b",}', { ...DONE_VALUE, message: "a ,} b" }),
  doubtful(
    transfer('{"iban":"A",}', "}").replace("1.5", "39.9999999999999999999"),
    { ...TRANSFER, amount: 40 },
    "imprecise_number",
  ),
  // Losing it is still doubt where something else needs repair as well.
  doubtful(
    "{'intent':'refund','order_id':'A1','amount':40,'reason':'late',}",
    REFUND_VALUE,
    "lost_value",
    "parsers_disagree",
  ),
  doubtful(
    '{"intent": "refund", "order_id": "A1", "amount": 40, "reason": None}',
    { ...REFUND_VALUE, reason: "None" },
    "coerced_value",
    "parsers_disagree",
  ),
  doubtful(
    '{"intent": "refund", "order_id": "A1", "amount": 007}',
    { ...REFUND_VALUE, amount: 7 },
    "coerced_value",
    "parsers_disagree",
  ),
  doubtful(
    '{"intent": "refund", "order_id": "A1", "amount": 1/3}',
    { ...REFUND_VALUE, amount: 0 },
    "parsers_disagree",
  ),
  doubtful(
    '{"intent": "refund", "order_id": "A1", "amount": 4,5}',
    { ...REFUND_VALUE, amount: 45 },
    "parsers_disagree",
  ),
  doubtful(
    '{"intent": "refund", "order_id": "A1", "amount": 1,000}',
    { ...REFUND_VALUE, amount: 1000 },
    "parsers_disagree",
  ),
  doubtful('{"intent": "refund", "order_id": "A1", "amount": +40}', REFUND_VALUE, "parsers_disagree"),
  doubtful(
    '{"intent": "search", "query": "x", "tags": ["a", ...]}',
    { ...SEARCH_VALUE, tags: ["a", "..."] },
    "elided",
    "lost_value",
    "parsers_disagree",
  ),
  doubtful('Here you are:\n{"intent": "refund", "order_id": "A1", "amount": 40,}\n', REFUND_VALUE, "prose"),
  doubtful(
    "{“intent”: “refund”, “order_id”: “A1”, “amount”: 40}",
    { ...REFUND_VALUE, order_id: "“A1”" },
    "coerced_value",
    "parsers_disagree",
  ),
  ["NextStep", '{"intent": "refund" "order_id": "A1" "amount": 40}', { refused: "no_match" }],

  // What would hang or kill the native parser.
  ["NextStep", "[".repeat(100_000), { refused: "too_deep" }],
  ["NextStep", '{"a":'.repeat(50_000), { refused: "too_deep" }],
  ["NextStep", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, { refused: "too_deep" }],
  ["NextStep", `${"[".repeat(80)}${REFUND}${"]".repeat(80)}`, { refused: "too_deep" }],
  ["NextStep", "{} ".repeat(330_000), { refused: "too_many_objects" }],
  ["NextStep", "{x} ".repeat(2_000), { refused: "too_many_objects" }],
  [
    "NextStep",
    `{"intent":"search","query":[${Array(900).fill("{}").join()}],"tags":[]}`,
    { refused: "too_many_objects" },
  ],
  [
    "NextStep",
    `{"intent":"transfer","from_account":[${Array(900).fill('{"iban":"D"}').join()}],"to_account":{"iban":"D"},"amount":1,"urgent":true}`,
    { refused: "too_many_objects" },
  ],
  ["NextStep", `{a:${'"'.repeat(20_000)}}`, { refused: "too_large" }],
  [
    "NextStep",
    `{${Array.from({ length: 5_000 }, (_, index) => `k${index}:${index}`).join(", ")}}`,
    { refused: "too_many_objects" },
  ],
  ["NextStep", "x".repeat(1_000_001), { refused: "too_large" }],
  ["ExtractPeople", `[${Array(1_001).fill('{"name":"A"}').join()}]`, { refused: "too_many_objects" }],
];
