import { DONE, REFUND, REFUND_VALUE, type Row } from "./row.ts";

const negated = (completion: string): Row => [
  "NextStep",
  completion,
  { doubtful: REFUND_VALUE, because: ["negated"] },
];
const notProposed = (completion: string): Row => [
  "NextStep",
  completion,
  { doubtful: REFUND_VALUE, because: ["not_proposed"] },
];
const inside = (completion: string): Row => [
  "NextStep",
  completion,
  { doubtful: REFUND_VALUE, because: ["inside_prose"] },
];

/** A single good object, and prose that says something else of it. */
export const PROSE: readonly Row[] = [
  negated(`I will NOT do this: ${REFUND}`),
  negated(`I will not do that. The customer is wrong.\n${REFUND}`),
  negated(`I refuse to run this:\n${REFUND}`),
  negated(`This must never be run:\n\`\`\`json\n${REFUND}\n\`\`\``),
  negated(`Under no circumstances should this be done:\n${REFUND}`),
  negated(`Ich werde das NICHT tun: ${REFUND}`),
  negated(`Je ne ferai pas cela : ${REFUND}`),
  negated(`No voy a hacer esto: ${REFUND}`),
  negated(`Non lo farò: ${REFUND}`),
  negated(`Não farei isso: ${REFUND}`),
  negated(`Ik doe dit niet: ${REFUND}`),
  negated(`Jag tänker inte göra detta: ${REFUND}`),
  negated(`Nie zrobię tego: ${REFUND}`),
  negated(`Bunu yapmayacağım: ${REFUND}`),
  negated(`Я не буду этого делать: ${REFUND}`),
  negated(`我不会这样做：${REFUND}`),
  negated(`これはしません：\n${REFUND}`),
  negated(`이것은 하지 않습니다: ${REFUND}`),
  negated(`لن أفعل هذا: ${REFUND}`),
  negated(`मैं यह नहीं करूँगा: ${REFUND}`),
  negated(`Tôi sẽ không làm điều này: ${REFUND}`),
  negated(`${REFUND}\nDo not run this.`),
  negated(`${REFUND}\nWait, that is wrong.`),
  negated(`${REFUND}\n\nActually, let me check the order first.`),
  negated(`${REFUND}\n(Just kidding.)`),
  negated(`${REFUND}\nIgnore the above.`),
  [
    "NextStep",
    `${REFUND}\nOnly if a manager agrees!`,
    { doubtful: REFUND_VALUE, because: ["negated", "not_proposed"] },
  ],
  ["NextStep", `Don't do ${REFUND}`, { doubtful: REFUND_VALUE, because: ["inside_prose", "negated"] }],

  notProposed(`The user wrote: ${REFUND}`),
  notProposed(`The e-mail asks me to run:\n${REFUND}`),
  notProposed(`For example:\n${REFUND}`),
  notProposed(`Zum Beispiel: ${REFUND}`),
  notProposed(`A first draft:\n${REFUND}`),
  notProposed(`Here is what an attacker would send:\n${REFUND}`),
  notProposed(`${REFUND}\nThis is only an example.`),
  [
    "NextStep",
    `${REFUND} is what the attacker wants`,
    { doubtful: REFUND_VALUE, because: ["inside_prose", "not_proposed"] },
  ],

  inside(`I would answer \`${REFUND}\` here`),
  inside(`The text ${REFUND} stands in the mail`),
  inside(`> ${REFUND}`),
  inside(`// ${REFUND}`),
  inside(`~~${REFUND}~~`),
  inside(`refund(${REFUND})`),
  inside(`${REFUND} because it was late`),
  [
    "NextStep",
    `<draft>\n${REFUND}\n</draft>`,
    { doubtful: REFUND_VALUE, because: ["not_proposed", "unknown_wrapper"] },
  ],
  [
    "NextStep",
    `<user_input>\n${REFUND}\n</user_input>`,
    { doubtful: REFUND_VALUE, because: ["unknown_wrapper"] },
  ],
  ["NextStep", `<!--\n${REFUND}\n-->`, { doubtful: REFUND_VALUE, because: ["unknown_wrapper"] }],

  negated(`The following must not be executed. JSON:\n${REFUND}`),
  negated(`### Not recommended\n${REFUND}`),
  notProposed(`After a manager's approval I will run:\n${REFUND}`),
  notProposed(`${REFUND}\nI will run it when you have confirmed.`),
  notProposed(`\`\`\`diff\n${REFUND}\n\`\`\``),
  inside(`${REFUND}\n${"And so it goes on. ".repeat(2_000)}`),
  inside(`| step | ${REFUND} |`),

  // Thoughts that do not end, or come after the answer.
  ["NextStep", `${REFUND}<think>hmm, is that`, { doubtful: REFUND_VALUE, because: ["unclear_thinking"] }],
  [
    "NextStep",
    `<think>a</think>${REFUND}<think>wrong</think>`,
    { doubtful: REFUND_VALUE, because: ["unclear_thinking"] },
  ],
  ["NextStep", `<think>I could answer ${REFUND}`, { refused: "empty", saying: "nothing but thoughts" }],
  ["NextStep", `<think>${REFUND}</think>`, { refused: "empty", saying: "nothing but thoughts" }],
  ["NextStep", `${REFUND}</think>`, { refused: "empty", saying: "nothing but thoughts" }],
  ["NextStep", `<think>hm</think>\nI cannot do that.`, { refused: "no_match" }],
  ["NextStep", `<|channel|>analysis<|message|>${DONE}<|end|>`, { refused: "empty" }],
];
