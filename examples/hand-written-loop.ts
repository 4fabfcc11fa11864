import { b, type CalculatorTools } from "../baml_client/index.ts";
import { appendEvents, promptFunction, ranStep, renderThread, said, startThread } from "../src/index.ts";

const ada = { channel: "terminal", id: "ada" };
export async function calculate(text: string, ask: (question: string) => Promise<string>): Promise<string> {
  const nextStep = promptFunction(b, "DetermineNextStep");
  let thread = appendEvents(startThread({ agent: "calculator" }, Date.now()), [said(text, ada)], Date.now());
  for (;;) {
    const answer = await nextStep.call([renderThread(thread)]);
    if (!answer.ok) throw new Error(answer.message);
    const step = answer.value;
    if (step.intent === "done_for_now") return step.message;
    const isQuestion = step.intent === "request_more_information";
    const events = isQuestion ? [said(await ask(step.message), ada)] : ranStep(thread, answer, compute(step));
    thread = appendEvents(thread, events, Date.now());
  }
}
function compute(step: CalculatorTools): number {
  if (step.intent === "add") return step.a + step.b;
  if (step.intent === "subtract") return step.a - step.b;
  if (step.intent === "multiply") return step.a * step.b;
  if (step.intent === "divide") return step.a / step.b;
  throw new Error(`no code for ${JSON.stringify(step)}`);
}
