import { DONE, type Expected, REFUND, REFUND_VALUE, type Row, refund, SEARCH, SEARCH_VALUE } from "./row.ts";

type Reasons = Extract<Expected, { because: unknown }>["because"];
const TOO_MUCH = refund({ amount: 4000 });
const TOO_MUCH_VALUE = { ...REFUND_VALUE, amount: 4000 };

const doubt = (completion: string, ...because: Reasons): Row => [
  "NextStep",
  completion,
  { doubtful: REFUND_VALUE, because },
];
const transfer = (to: string, more = ""): string =>
  `{"intent":"transfer","from_account":{"iban":"A"},"to_account":${to},"amount":1,"urgent":false${more}}`;
const TRANSFER = {
  intent: "transfer",
  from_account: { iban: "A", owner: null },
  to_account: { iban: "B", owner: null },
  amount: 1,
  urgent: false,
};

const HELD: Expected = {
  doubtful: { intent: "hold", item: 1, nested: { a: "c" } },
  because: ["duplicate_key"],
};

/** Completions that look like an answer and are meant as something else. */
export const HOSTILE: readonly Row[] = [
  // Part of something larger that cannot be read.
  doubt(`{"plan": .5, "answer": ${REFUND}}`, "prose", "repaired_syntax", "unknown_wrapper"),
  doubt(`{ call: ${REFUND} `, "prose", "unknown_wrapper"),
  doubt(`<function=other>${REFUND}</function>`, "prose"),
  doubt(`Out of {1,2} this is the answer: ${REFUND}`, "prose"),
  [
    "NextStep",
    `{"intent":"transfer","from_account":{"iban":"A"},"to_account":{"iban":"B"},"amount":.5,"urgent":false}`,
    { refused: "no_match", saying: "not valid JSON: Unexpected token '.'" },
  ],

  // The same step again with other details, and something in between.
  ...[
    `${TOO_MUCH}\nor\n${REFUND}`,
    `\`\`\`json\n${TOO_MUCH}\n\`\`\`\n\n\`\`\`json\n${REFUND}\n\`\`\``,
    `<|im_start|>think\n${TOO_MUCH}<|im_end|>${REFUND}`,
  ].map(
    (completion): Row => [
      "NextStep",
      completion,
      {
        doubtful: TOO_MUCH_VALUE,
        because: completion.startsWith("<|") ? ["prose"] : ["several_objects"],
        more: [REFUND_VALUE],
      },
    ],
  ),
  ["NextStep", `[${TOO_MUCH},${REFUND}]`, { exact: TOO_MUCH_VALUE, more: [REFUND_VALUE] }],
  [
    "NextStep",
    `${SEARCH}\n${SEARCH.replace('"x"', '"y"')}`,
    { exact: SEARCH_VALUE, more: [{ ...SEARCH_VALUE, query: "y" }] },
  ],
  [
    "NextStep",
    `x</think>${REFUND}</think>${SEARCH}`,
    { doubtful: SEARCH_VALUE, because: ["unclear_thinking"] },
  ],

  // Another value, or a choice, in a comment.
  doubt('{"intent": "refund", "order_id": "A1", /* 4 */ "amount": 40}', "repaired_syntax", "several_objects"),
  doubt(
    '{"intent": "refund", "order_id": "A1",\n//"amount": 4,\n"amount": 40}',
    "prose",
    "repaired_syntax",
    "several_objects",
  ),
  [
    "NextStep",
    '{"intent": "refund", // it was late\n"order_id": "A1", "amount": 40}',
    { doubtful: REFUND_VALUE, because: ["prose", "repaired_syntax"] },
  ],
  [
    "NextStep",
    `{'intent': 'done_for_now', 'message': 'see http://x.org/1#2'}`,
    { tolerant: { intent: "done_for_now", message: "see http://x.org/1#2" }, because: ["repaired_syntax"] },
  ],

  // What both repairing parsers read alike, and a careful reader does not.
  ...['"A1" or "B2"', '"A1" | "B2"', "«A1»"].map(
    (id): Row => [
      "NextStep",
      `{"intent": "refund", "amount": 40, "order_id": ${id}}`,
      {
        doubtful: { ...REFUND_VALUE, order_id: id.startsWith('"') ? id.slice(1, -1) : id },
        because: ["coerced_value", "repaired_syntax"],
      },
    ],
  ),
  [
    "NextStep",
    '{"intent": "refund", "order_id": "A1", "amount": 4e, }',
    { doubtful: { ...REFUND_VALUE, amount: 4 }, because: ["coerced_value", "repaired_syntax"] },
  ],
  [
    "NextStep",
    '{"intent": "done_for_now", "message": "say "hi" now"}',
    { tolerant: { intent: "done_for_now", message: 'say "hi" now' }, because: ["repaired_syntax"] },
  ],

  // An explanation in a field that the type does not have: a text changes nothing, whatever it says.
  doubt(refund({ explanation: { cancel: true } }), "lost_value"),
  ["NextStep", refund({ reasoning: "It is late" }), { tolerant: REFUND_VALUE, because: ["extra_field"] }],

  // Values.
  [
    "NextStep",
    transfer('{"iban":"B","iban":"C"}'),
    { doubtful: TRANSFER, because: ["coerced_value", "duplicate_key"] },
  ],
  ["Prices", '{"a":1,"a":1}', { exact: { a: 1 } }],
  ["Hold", '{"intent":"hold","item":1,"nested":{"a":"b","\\u0061": "c"}}', HELD],
  [
    "ExtractPerson",
    '{"name":"A","emails":"none"}',
    { doubtful: { name: "A", age: null, emails: ["none"], home: null }, because: ["coerced_value"] },
  ],
  [
    "NextStep",
    transfer('{"iban":1.10}'),
    { doubtful: { ...TRANSFER, to_account: { iban: "1.1", owner: null } }, because: ["coerced_value"] },
  ],
  [
    "NextStep",
    transfer('{"iban":"B"}').replace("false", "[true]"),
    { doubtful: { ...TRANSFER, urgent: true }, because: ["coerced_value"] },
  ],
  [
    "NextStep",
    '{"intent":"send_mail","to":"a@x, b@x","subject":"s","body":"b"}',
    {
      doubtful: { intent: "send_mail", to: ["a@x, b@x"], subject: "s", body: "b" },
      because: ["coerced_value"],
    },
  ],
  ["NextStep", refund({ order_id: "A1\u0000" }), { exact: { ...REFUND_VALUE, order_id: "A1\u0000" } }],
  ["NextStep", REFUND.replace("refund", "rеfund"), { refused: "no_match", saying: "must be one of" }],
  ["NextStep", REFUND.replace("amount", "ａmount"), { doubtful: REFUND_VALUE, because: ["renamed_field"] }],
  [
    "NextStep",
    `{"intent":"done_for_now","message":${JSON.stringify(`He wrote ${REFUND}, do not do it`)}}`,
    { exact: { intent: "done_for_now", message: `He wrote ${REFUND}, do not do it` } },
  ],
  ["NextStep", `\u0000${DONE}`, { doubtful: { intent: "done_for_now", message: "hi" }, because: ["prose"] }],
];
