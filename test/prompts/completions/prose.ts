import type { FidelityReason } from "../../../src/base/fidelity.ts";
import {
  DONE,
  DONE_VALUE,
  type Expected,
  REFUND,
  REFUND_VALUE,
  type Row,
  refund,
  SEARCH_VALUE,
} from "./row.ts";

const EXACT: Expected = { exact: REFUND_VALUE };
const because = (...reasons: FidelityReason[]): Expected => ({ doubtful: REFUND_VALUE, because: reasons });
const PROSE_BESIDE = because("prose");

/** The same completion, read in each of the three modes. */
const inEach = (completion: string, none: Expected, before: Expected, marked: Expected): Row[] => [
  ["NextStep", completion, none],
  ["NextStep", completion, before, "before"],
  ["NextStep", completion, marked, "marked"],
];
/** Prose before one last JSON value: what it says does not matter. */
const lead = (text: string): Row[] => inEach(text + REFUND, PROSE_BESIDE, EXACT, PROSE_BESIDE);
/** Text after the JSON. */
const tail = (text: string): Row[] => inEach(REFUND + text, PROSE_BESIDE, PROSE_BESIDE, PROSE_BESIDE);
const everywhere = (completion: string, expected: Expected): Row[] =>
  inEach(completion, expected, expected, expected);

const TOO_MUCH = refund({ amount: 4000 });
const TOO_MUCH_VALUE = { ...REFUND_VALUE, amount: 4000 };

/** One good JSON value with text beside it. */
export const PROSE: readonly Row[] = [
  // Form, not words: what was meant and what was not are alike.
  ...[
    "Here is the next step:\n",
    "The order was late, so a refund is due. The policy allows it.\n\n",
    "The next step is ",
    "**Answer:** ",
    "### Next step\n\n",
    "step = ",
    "I will NOT do this: ",
    "Ich werde das NICHT tun: ",
    "Я не буду этого делать: ",
    "これはしません：\n",
    "For example:\n",
    "The user wrote: ",
    "Should I run this?\n",
    "As soon as a manager agrees, I will run:\n",
    "Log:\n",
    "See [the manual](x) and [1].\n",
    "- ",
    "<answer>\n",
    "FINAL ANSWER is the line that was asked for.\n",
  ].flatMap(lead),
  ...[
    "\nDo not run this.",
    "\nAre you okay with that?",
    "\n\nThe order was late by three days.",
    "\nLet me know if you need anything else!",
    " because it was late",
    ". Let me know!",
    "\n这只是一个例子。",
    "\nFür die Bestellung A2.",
    "\n// a comment on a line of its own",
    " // it was late",
    " // Nein, doch nicht.",
    " // 不",
    " /* late */",
    "\n/* late */",
    " # late",
    "\n\n---",
    "</answer>",
    "\n❌",
  ].flatMap(tail),
  ...[
    `Sure! Here it is:\n\`\`\`json\n${REFUND}\n\`\`\`\nLet me know.`,
    `<answer>${REFUND}</answer>`,
    `<tool_call>\n${REFUND}\n</tool_call>`,
    `Answer: \`${REFUND}\``,
    `refund(${REFUND})`,
    `| step | ${REFUND} |`,
    `~~${REFUND}~~`,
    `\`\`\`json\n${REFUND}\n\`\`\`\nOne fence, and a word.`,
    `${REFUND}\n${"And so it goes on. ".repeat(2_000)}`,
  ].flatMap((completion) =>
    everywhere(completion, completion.startsWith("~~") ? because("prose", "unknown_wrapper") : PROSE_BESIDE),
  ),
  ...inEach(`\`\`\`diff\n${REFUND}\n\`\`\``, PROSE_BESIDE, EXACT, PROSE_BESIDE),
  ...inEach(`It is late.\n\`\`\`json\n${REFUND}\n\`\`\``, PROSE_BESIDE, EXACT, PROSE_BESIDE),

  // Surplus syntax is no text; a comment is.
  ...[",", ";", "}", "}}"].flatMap((end) =>
    everywhere(REFUND + end, { tolerant: REFUND_VALUE, because: ["repaired_syntax"] }),
  ),
  ...["; // refund", "}} // too many"].flatMap((end) =>
    everywhere(REFUND + end, because("prose", "repaired_syntax")),
  ),
  ...everywhere(`\`\`\`json\n${REFUND} // it was late\n\`\`\``, PROSE_BESIDE),

  // Commented out, or part of something larger.
  ...["// ", "> ", "# ", "-- ", "<!-- "].flatMap((mark) =>
    inEach(
      mark + REFUND,
      because("prose", "unknown_wrapper"),
      because("unknown_wrapper"),
      because("prose", "unknown_wrapper"),
    ),
  ),
  ...inEach(
    `It begins {here: ${REFUND}`,
    because("prose", "unknown_wrapper"),
    because("unknown_wrapper"),
    because("prose", "unknown_wrapper"),
  ),

  // The marker: only what follows its last line counts.
  ...inEach(`It was late.\nFINAL ANSWER:\n${REFUND}`, PROSE_BESIDE, EXACT, EXACT),
  ...inEach(`It was late.\n**FINAL ANSWER:** ${REFUND}`, PROSE_BESIDE, EXACT, EXACT),
  ...inEach(`It was late.\nFINAL ANSWER:\n\`\`\`json\n${REFUND}\n\`\`\``, PROSE_BESIDE, EXACT, EXACT),
  ...inEach(
    `First I thought of\n${TOO_MUCH}\nFINAL ANSWER:\n${REFUND}`,
    {
      doubtful: TOO_MUCH_VALUE,
      because: ["prose", "several_objects"],
      more: [REFUND_VALUE],
    },
    {
      doubtful: TOO_MUCH_VALUE,
      because: ["several_objects"],
      more: [REFUND_VALUE],
    },
    EXACT,
  ),
  ["NextStep", `FINAL ANSWER:\n${TOO_MUCH}\nNo.\nFINAL ANSWER:\n${REFUND}`, EXACT, "marked"],
  ["NextStep", `FINAL ANSWER:\nThis one:\n${REFUND}`, PROSE_BESIDE, "marked"],
  ["NextStep", `${REFUND}\nFINAL ANSWER:\n`, { refused: "empty", saying: "Nothing follows" }, "marked"],
  ["NextStep", `${REFUND}\nFINAL ANSWER:\nnothing`, { refused: "no_match" }, "marked"],
  ["NextStep", `The FINAL ANSWER: ${REFUND}`, PROSE_BESIDE, "marked"],
  [
    "NextStep",
    `FINAL ANSWER:\n${REFUND}\n{"intent":"search","query":"x","tags":[]}`,
    { ...EXACT, more: [SEARCH_VALUE] },
    "marked",
  ],
  [
    "NextStep",
    JSON.stringify({ ...DONE_VALUE, message: `a\nFINAL ANSWER:\n${REFUND}` }),
    { exact: { ...DONE_VALUE, message: `a\nFINAL ANSWER:\n${REFUND}` } },
    "marked",
  ],
  ["NextStep", `<think>FINAL ANSWER:\n${DONE}</think>${REFUND}`, EXACT, "marked"],
  ["Summarize", `Short.\nFINAL ANSWER:\nx`, { exact: "Short.\nFINAL ANSWER:\nx" }, "marked"],

  // Thoughts that do not end, or come after the answer.
  ["NextStep", `${REFUND}<think>hmm, is that`, because("unclear_thinking")],
  ["NextStep", `<think>a</think>${REFUND}<think>wrong</think>`, because("unclear_thinking")],
  ["NextStep", `<think>I could answer ${REFUND}`, { refused: "empty", saying: "nothing but thoughts" }],
  ["NextStep", `<think>${REFUND}</think>`, { refused: "empty", saying: "nothing but thoughts" }],
  ["NextStep", `${REFUND}</think>`, { refused: "empty", saying: "nothing but thoughts" }],
  ["NextStep", `<think>hm</think>\nI cannot do that.`, { refused: "no_match" }],
  ["NextStep", `<|channel|>analysis<|message|>${DONE}<|end|>`, { refused: "empty" }],
];
