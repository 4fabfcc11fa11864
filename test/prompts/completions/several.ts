import { DONE, DONE_VALUE, REFUND, REFUND_VALUE, type Row, SEARCH, SEARCH_VALUE } from "./row.ts";

const BOTH = { exact: REFUND_VALUE, more: [SEARCH_VALUE] };
const TOO_MUCH = REFUND.replace("40", "4000");
const TOO_MUCH_VALUE = { ...REFUND_VALUE, amount: 4000 };

/** Several values in one completion. */
export const SEVERAL: readonly Row[] = [
  // Clearly one after another.
  ["NextStep", `[${REFUND},${SEARCH}]`, BOTH],
  ["NextStep", `\`\`\`json\n[\n${REFUND},\n${SEARCH}\n]\n\`\`\``, BOTH],
  ["NextStep", `${REFUND}\n${SEARCH}`, BOTH],
  ["NextStep", `${REFUND}${SEARCH}`, BOTH],
  ["NextStep", `${REFUND},\n${SEARCH}`, BOTH],
  ["NextStep", `\`\`\`json\n${REFUND}\n${SEARCH}\n\`\`\``, BOTH],
  ["NextStep", `${TOO_MUCH}\n${REFUND}`, { exact: TOO_MUCH_VALUE, more: [REFUND_VALUE] }],
  ["NextStep", `[${REFUND},${SEARCH},${DONE}]`, { exact: REFUND_VALUE, more: [SEARCH_VALUE, DONE_VALUE] }],
  ["NextStep", `[${REFUND}]`, { exact: REFUND_VALUE }],

  // The same again: to be done once or twice?
  [
    "NextStep",
    `${REFUND}\n${REFUND}`,
    { doubtful: REFUND_VALUE, because: ["repeated_object"], more: [REFUND_VALUE] },
  ],
  [
    "NextStep",
    `[${REFUND},${REFUND}]`,
    { doubtful: REFUND_VALUE, because: ["repeated_object"], more: [REFUND_VALUE] },
  ],

  // Which one counts?
  [
    "NextStep",
    `\`\`\`json\n${REFUND}\n\`\`\`\n\n\`\`\`json\n${SEARCH}\n\`\`\``,
    { doubtful: REFUND_VALUE, because: ["several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `<tool_call>\n${REFUND}\n</tool_call>\n<tool_call>\n${SEARCH}\n</tool_call>`,
    { doubtful: REFUND_VALUE, because: ["prose", "several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `${REFUND};\n${SEARCH}`,
    { doubtful: REFUND_VALUE, because: ["several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `${REFUND} // or\n${SEARCH}`,
    { doubtful: REFUND_VALUE, because: ["several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `The list [1, 2] and {} are no steps.\nThis one is:\n${REFUND}`,
    { doubtful: REFUND_VALUE, because: ["prose", "several_objects"] },
  ],
  [
    "NextStep",
    `Draft: ${TOO_MUCH}\nActually, correct is: ${REFUND}`,
    { doubtful: TOO_MUCH_VALUE, because: ["prose", "several_objects"], more: [REFUND_VALUE] },
  ],
  [
    "NextStep",
    `${TOO_MUCH}\nWait, that is too much.\n${REFUND}`,
    { doubtful: TOO_MUCH_VALUE, because: ["several_objects"], more: [REFUND_VALUE] },
  ],
  [
    "NextStep",
    `${REFUND}\nOR\n${SEARCH}`,
    { doubtful: REFUND_VALUE, because: ["several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `Option A: ${REFUND}\nOption B: ${SEARCH}`,
    { doubtful: REFUND_VALUE, because: ["prose", "several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `1. ${REFUND}\n2. ${SEARCH}`,
    { doubtful: REFUND_VALUE, because: ["prose", "several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `${REFUND}\n\n---\n\n${SEARCH}`,
    { doubtful: REFUND_VALUE, because: ["several_objects"], more: [SEARCH_VALUE] },
  ],
  [
    "NextStep",
    `Thinking: ${DONE}\nAnswer: ${REFUND}`,
    { doubtful: DONE_VALUE, because: ["prose", "several_objects"], more: [REFUND_VALUE] },
  ],
  [
    "NextStep",
    `${TOO_MUCH}<think>no, less</think>${REFUND}`,
    { doubtful: TOO_MUCH_VALUE, because: ["several_objects"], more: [REFUND_VALUE] },
  ],
  ["NextStep", `{"id": 7}\n${REFUND}`, { doubtful: REFUND_VALUE, because: ["several_objects"] }],
  ["NextStep", `[${REFUND}, "and another"]`, { doubtful: REFUND_VALUE, because: ["several_objects"] }],
  // A step that cannot be run is not dropped without a word.
  [
    "NextStep",
    `[${SEARCH},{"intent":"fly"}]`,
    {
      refused: "no_match",
      saying:
        'Step 2 of the answer cannot be run, so none was. The answer does not fit the expected form. The field intent is "fly"',
    },
  ],
  ["NextStep", `${SEARCH}\n{"intent":"fly"}`, { refused: "no_match", saying: "Step 2 of the answer" }],
  ["NextStep", `[{"intent":"refund"},${SEARCH}]`, { refused: "no_match", saying: "Step 1 of the answer" }],
  ["NextSteps", `[${SEARCH},{"intent":"fly"}]`, { refused: "no_match", saying: 'The field intent is "fly"' }],
  [
    "NextStep",
    `Not {"intent":"fly"} but ${REFUND}`,
    { doubtful: REFUND_VALUE, because: ["prose", "several_objects"] },
  ],
  ["NextStep", `[${REFUND}, {"x":1}]`, { doubtful: REFUND_VALUE, because: ["several_objects"] }],
  [
    "NextStep",
    `{intent: "refund", order_id: "A1", amount: 4000}\n${REFUND}`,
    { tolerant: TOO_MUCH_VALUE, because: ["repaired_syntax"], more: [REFUND_VALUE] },
  ],
  [
    "NextStep",
    `[${REFUND.replace("}", ",}")},${SEARCH}]`,
    { doubtful: REFUND_VALUE, because: ["repaired_syntax", "several_objects"] },
  ],
  ["NextStep", Array(70).fill(REFUND).join("\n"), { refused: "too_many_objects" }],
  ["NextStep", `[${Array(70).fill(REFUND).join()}]`, { refused: "too_many_objects" }],
];
