import { isJsonObject, type Json } from "../../src/base/json.ts";
import { isProblem, parseChatRequest } from "../../src/model/chat-protocol.ts";
import { answerOffline } from "../../src/model/offline/answer.ts";

/** The output format that BAML writes for the calculator, as it stands in a real request. */
export const CALCULATOR_SCHEMA = `Answer in JSON using any of these schemas:
{
  intent: "add",
  a: int or float,
  b: int or float,
} or {
  // a - b
  intent: "subtract",
  a: int or float,
  b: int or float,
} or {
  intent: "multiply",
  a: int or float,
  b: int or float,
} or {
  // a / b
  intent: "divide",
  a: int or float,
  b: int or float,
} or {
  // ask when the request is unclear, incomplete, or cannot be done as it stands
  intent: "request_more_information",
  message: string,
} or {
  // end the turn; only when nothing is left to do
  intent: "done_for_now",
  // the final answer to the person, in plain language, with the results they asked for
  message: string,
}`;

/** What the offline model writes for one user message under a system message. */
export async function answerTo(user: string, system: string = CALCULATOR_SCHEMA): Promise<string> {
  const body = JSON.stringify({
    model: "twelvefold-offline",
    messages: [
      { role: "system", content: system },
      { role: "user", content: user },
    ],
  });
  const request = parseChatRequest(body);
  if (isProblem(request)) throw new Error(request.message);
  return (await answerOffline(request)).content;
}

/** The JSON of a loosely written answer: enough of a parser for the four ways in which the offline model writes. */
export function looseValue(text: string): Json {
  const json = text
    .slice(text.search(/[[{]/))
    .replace(/\n```$/, "")
    .replace(/,(\s*[}\]])/g, "$1")
    .replace(/^(\s*)(\w+):/gm, '$1"$2":');
  const value: Json = JSON.parse(json);
  return value;
}

/** The next step of a calculator thread, as `intent(a, b)` or `intent: message`. */
export async function nextStep(thread: string): Promise<string> {
  return describe(looseValue(await answerTo(`What happened so far:\n\n${thread}\n\nWhat is the next step?`)));
}

function describe(step: Json): string {
  if (!isJsonObject(step)) return JSON.stringify(step);
  return "message" in step
    ? `${step["intent"]}: ${step["message"]}`
    : `${step["intent"]}(${step["a"]}, ${step["b"]})`;
}

const TOOLS: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** Plays a conversation: each message in turn, every step computed. Returns the steps in the order taken. */
export async function play(...messages: readonly string[]): Promise<readonly string[]> {
  const steps: string[] = [];
  let thread = "";
  for (const message of messages) {
    thread += block("message_received", JSON.stringify(message));
    for (let count = 0; count < 40; count += 1) {
      const step = looseValue(await answerTo(thread));
      if (!isJsonObject(step)) throw new Error("not a step");
      steps.push(describe(step));
      const intent = String(step["intent"]);
      const tool = TOOLS[intent];
      thread += block(intent, fieldsOf(step));
      if (tool === undefined) break;
      thread += block(`${intent}_result`, String(tool(Number(step["a"]), Number(step["b"]))));
    }
  }
  return steps;
}

/** The last thing said in a conversation. */
export async function lastOf(...messages: readonly string[]): Promise<string> {
  return (await play(...messages)).at(-1) ?? "";
}

export function block(tag: string, body: string): string {
  return `<${tag}>\n${body}\n</${tag}>\n\n`;
}

function fieldsOf(step: Json): string {
  return Object.entries(isJsonObject(step) ? step : {})
    .filter(([name]) => name !== "intent")
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join("\n");
}
