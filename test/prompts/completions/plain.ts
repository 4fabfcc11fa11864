import { DONE, DONE_VALUE, REFUND, REFUND_VALUE, type Row, SEARCH, SEARCH_VALUE } from "./row.ts";

const BIG = "x".repeat(300_000);
const account = (iban: string, owner: string | null = null) => ({ iban, owner });

/** Completions as a good model writes them. */
export const PLAIN: readonly Row[] = [
  ["NextStep", REFUND, { exact: REFUND_VALUE }],
  ["NextStep", `  \n${REFUND}\n\n`, { exact: REFUND_VALUE }],
  ["NextStep", `\ufeff${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", JSON.stringify(REFUND_VALUE, null, 2), { exact: REFUND_VALUE }],
  [
    "NextStep",
    '{"amount":40,"order_id":"A1","intent":"refund","reason":"late"}',
    { exact: { ...REFUND_VALUE, reason: "late" } },
  ],
  ["NextStep", `\`\`\`json\n${REFUND}\n\`\`\``, { exact: REFUND_VALUE }],
  ["NextStep", `\`\`\`\n${REFUND}\n\`\`\``, { exact: REFUND_VALUE }],
  ["NextStep", `\`\`\`json ${REFUND}\`\`\``, { exact: REFUND_VALUE }],
  ["NextStep", `~~~json\n${REFUND}\n~~~`, { exact: REFUND_VALUE }],
  ["NextStep", `${REFUND}</s>`, { exact: REFUND_VALUE }],
  ["NextStep", `${REFUND}<|im_end|>`, { exact: REFUND_VALUE }],
  ["NextStep", `\`\`\`json\n${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `${REFUND}\n\`\`\``, { exact: REFUND_VALUE }],
  ["NextStep", SEARCH, { exact: SEARCH_VALUE }],
  [
    "NextStep",
    '{"intent":"search","query":"x","limit":5,"tags":["a","b"]}',
    { exact: { intent: "search", query: "x", limit: 5, tags: ["a", "b"] } },
  ],
  [
    "NextStep",
    '{"intent":"transfer","from_account":{"iban":"D1"},"to_account":{"iban":"D2","owner":"Ada"},"amount":1.10,"urgent":false}',
    {
      exact: {
        intent: "transfer",
        from_account: account("D1"),
        to_account: account("D2", "Ada"),
        amount: 1.1,
        urgent: false,
      },
    },
  ],
  [
    "NextStep",
    '{"intent":"transfer","from_account":{"iban":"D1"},"to_account":{"iban":"D2"},"amount":7,"urgent":true}',
    {
      exact: {
        intent: "transfer",
        from_account: account("D1"),
        to_account: account("D2"),
        amount: 7,
        urgent: true,
      },
    },
  ],
  ["NextStep", '{"intent":"refund","order_id":"A1","amount":4e1}', { exact: REFUND_VALUE }],
  ["NextStep", '{"intent":"refund","order_id":"A1","amount":40.0}', { exact: REFUND_VALUE }],
  [
    "NextStep",
    '{"intent":"refund","order_id":"A1","amount":9007199254740991}',
    { exact: { ...REFUND_VALUE, amount: 9007199254740991 } },
  ],
  [
    "NextStep",
    '{"intent":"done_for_now","message":"line\\nline \\"quoted\\" \\u00e9 \\ud83d\\ude00"}',
    { exact: { ...DONE_VALUE, message: 'line\nline "quoted" é 😀' } },
  ],
  [
    "NextStep",
    '{"intent":"done_for_now","message":"<think>not a thought</think>"}',
    { exact: { ...DONE_VALUE, message: "<think>not a thought</think>" } },
  ],
  [
    "NextStep",
    '{"intent":"done_for_now","message":"I will not do it. Wait, actually: {\\"a\\":1}"}',
    { exact: { ...DONE_VALUE, message: 'I will not do it. Wait, actually: {"a":1}' } },
  ],
  [
    "NextStep",
    '{"intent":"done_for_now","message":"use ```json {} ``` please"}',
    { exact: { ...DONE_VALUE, message: "use ```json {} ``` please" } },
  ],
  ["NextStep", `{"intent":"done_for_now","message":"${BIG}"}`, { exact: { ...DONE_VALUE, message: BIG } }],
  [
    "NextStep",
    `{"intent":"done_for_now","message":"${"[{".repeat(5_000)}"}`,
    { exact: { ...DONE_VALUE, message: "[{".repeat(5_000) } },
  ],

  // Thoughts before the answer.
  ["NextStep", `<think>${DONE}</think>${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<think>no, never</think>\n\n${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<THINK\n>${DONE}</Think >${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<thinking budget="3">${DONE}</thinking>${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<reasoning>${DONE}</reasoning>${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<scratchpad>${DONE}</scratchpad>\n${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<think><think>${DONE}</think>${DONE}</think>${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `I should stop: ${DONE}\n</think>\n${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `[THINK]${DONE}[/THINK]${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `◁think▷${DONE}◁/think▷${REFUND}`, { exact: REFUND_VALUE }],
  ["NextStep", `<|begin_of_thought|>${DONE}<|end_of_thought|>${REFUND}`, { exact: REFUND_VALUE }],
  [
    "NextStep",
    `<|channel|>analysis<|message|>${DONE}<|end|><|start|>assistant<|channel|>final<|message|>${REFUND}<|return|>`,
    { exact: REFUND_VALUE },
  ],
  ["NextStep", `<think>{"a":"</think>"}</think>${REFUND}`, { exact: REFUND_VALUE }],
];
