// Asks a model for the calculator's next step at many points of many threads, once with each format of the context, and
// says how many answers were valid steps, how many the right ones, and what the prompts cost.
//
//   TWELVEFOLD_BASE_URL=http://127.0.0.1:8080/v1 TWELVEFOLD_MODEL_NAME=any npx tsx scripts/compare-formats.ts [tasks]
//
// For servers that speak OpenAI's chat format, such as that of llama.cpp. `tasks` takes only so many of the requests.
import { isDeepStrictEqual, parseArgs } from "node:util";
import { z } from "zod";
import { calculator } from "../src/agents/calculator/agent.ts";
import { contextBlocks, renderBlocks, TEXT_FORMATS } from "../src/context/index.ts";
import { appendEvents, localModel, ranStep, said, startThread, type Thread } from "../src/index.ts";

type Operation = readonly [intent: "add" | "subtract" | "multiply" | "divide", a: number, b: number];

/** What is asked, and the steps that answer it. */
const TASKS: readonly (readonly [text: string, ...Operation[]])[] = [
  [
    "multiply 3 and 4, then divide the result by 2 and then add 12 to that",
    ["multiply", 3, 4],
    ["divide", 12, 2],
    ["add", 6, 12],
  ],
  ["what is 17 plus 25, minus 8?", ["add", 17, 25], ["subtract", 42, 8]],
  [
    "add 2.5 and 4, then multiply the result by 10, then subtract 1",
    ["add", 2.5, 4],
    ["multiply", 6.5, 10],
    ["subtract", 65, 1],
  ],
  ["divide 144 by 12", ["divide", 144, 12]],
  [
    "take 100, subtract 30, divide by 7, add 5, multiply by 2",
    ["subtract", 100, 30],
    ["divide", 70, 7],
    ["add", 10, 5],
    ["multiply", 15, 2],
  ],
  ["double 21", ["multiply", 21, 2]],
  ["subtract 5 from 20 and multiply the result by 3", ["subtract", 20, 5], ["multiply", 15, 3]],
  ["what is 15 % of 80?", ["multiply", 80, 0.15]],
  [
    "I have 3 boxes with a dozen eggs each and break 5 eggs. How many are left?",
    ["multiply", 3, 12],
    ["subtract", 36, 5],
  ],
  ["how many minutes are 4.5 hours, plus 10 minutes?", ["multiply", 4.5, 60], ["add", 270, 10]],
];
const COMPUTE = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
};

/** A thread at which the model must decide, and the decision; `undefined` where it must finish. */
interface Decision {
  readonly thread: Thread;
  readonly wanted: Operation | undefined;
}

function decisionsOf([text, ...operations]: (typeof TASKS)[number]): Decision[] {
  const ada = { channel: "terminal", id: "ada" };
  let thread = appendEvents(startThread({ agent: "calculator" }, 0), [said(text, ada)], 0);
  const decisions: Decision[] = [{ thread, wanted: operations[0] }];
  for (const [at, [intent, a, b]] of operations.entries()) {
    const answer = calculator.nextStep.parse(JSON.stringify({ intent, a, b }), { events: [] });
    if (!answer.ok || !("intent" in answer.value)) throw new Error(`no step: ${intent}(${a}, ${b})`);
    const events = ranStep(thread, { ...answer, value: answer.value, more: [] }, COMPUTE[intent](a, b));
    thread = appendEvents(thread, events, 0);
    decisions.push({ thread, wanted: operations[at + 1] });
  }
  return decisions;
}

const Request = z.looseObject({
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.union([z.string(), z.array(z.looseObject({ text: z.string() }))]),
    }),
  ),
});
const Completion = z.looseObject({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
  usage: z.looseObject({ prompt_tokens: z.number() }).optional(),
});

/** The chat messages that ask for a decision, with the thread in one of the formats. */
function messagesFor(body: string, thread: Thread, format: string): { role: string; content: string }[] {
  const asked = Request.parse(JSON.parse(body)).messages.map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? content : content.map(({ text }) => text).join("\n"),
  }));
  if (format === "messages")
    return [...asked.filter(({ role }) => role === "system"), ...calculator.context.messages(thread)];
  const text = renderBlocks(
    contextBlocks(thread.events),
    TEXT_FORMATS[z.enum(["xml", "yaml", "json", "markdown"]).parse(format)],
  );
  return asked.map(({ role, content }) => ({
    role,
    content: content.replace(calculator.context.render(thread), () => text),
  }));
}

interface Asked {
  readonly valid: boolean;
  readonly right: boolean;
  readonly tokens: number;
}

async function ask(decision: Decision, format: string): Promise<Asked> {
  const { thread, wanted } = decision;
  const { url, headers, body } = await calculator.nextStep.request(thread, { model });
  const asked = {
    ...JSON.parse(body),
    messages: messagesFor(body, thread, format),
    temperature: 0,
    max_tokens: 300,
  };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(asked) });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const { choices, usage } = Completion.parse(await response.json());
  const answer = calculator.nextStep.parse(choices[0]?.message.content ?? "", { events: [] });
  const step = answer.ok && "intent" in answer.value ? answer.value : undefined;
  const [intent, ...operands] = wanted ?? ["done_for_now"];
  const sorted = (values: readonly unknown[]) =>
    intent === "add" || intent === "multiply" ? values.toSorted() : values;
  const numbers = step === undefined ? [] : (["a", "b"] as const).map((name) => Reflect.get(step, name));
  const given = numbers.filter((number) => number !== undefined);
  const right = step?.intent === intent && isDeepStrictEqual(sorted(given), sorted(operands));
  return {
    valid: step !== undefined && answer.ok && answer.fidelity.grade !== "doubtful",
    right,
    tokens: usage?.prompt_tokens ?? 0,
  };
}

const { positionals } = parseArgs({ allowPositionals: true });
const url = process.env["TWELVEFOLD_BASE_URL"];
if (url === undefined) throw new Error("set TWELVEFOLD_BASE_URL, such as http://127.0.0.1:8080/v1");
const model = localModel(process.env["TWELVEFOLD_MODEL_NAME"] ?? "any", url);
const decisions = TASKS.slice(0, Number(positionals[0] ?? TASKS.length)).flatMap(decisionsOf);
console.log(`${decisions.length} decisions each\nformat     valid  right  prompt tokens`);
for (const format of ["messages", "xml", "yaml", "json", "markdown"]) {
  const answers: Asked[] = [];
  for (const decision of decisions) answers.push(await ask(decision, format));
  const count = (good: (answer: Asked) => boolean) => String(answers.filter(good).length).padStart(5);
  const tokens = String(answers.reduce((sum, answer) => sum + answer.tokens, 0)).padStart(14);
  console.log(
    `${format.padEnd(10)} ${count(({ valid }) => valid)}  ${count(({ right }) => right)} ${tokens}`,
  );
}
