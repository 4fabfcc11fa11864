import { b, type CalculatorTools } from "../baml_client/index.ts";
import { getBamlFiles } from "../baml_client/inlinedbaml.ts";
import * as tf from "../src/index.ts";

const ada = { channel: "terminal", id: "ada" };
export async function calculate(text: string, ask: (question: string) => Promise<string>) {
  const nextStep = tf.promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles });
  let thread = tf.startThread({ agent: "calculator" }, Date.now());
  thread = tf.appendEvents(thread, [tf.said(text, ada)], Date.now());
  while (thread.state.ended === null) {
    const answer = await nextStep.call([tf.renderThread(thread)]);
    if (!answer.ok) throw new Error(answer.message);
    const step = answer.value;
    const events =
      step.intent === "done_for_now"
        ? tf.finishedRun(thread, answer, step.message)
        : step.intent === "request_more_information"
          ? tf.askedHuman(thread, answer, { by: ada, question: step.message, text: await ask(step.message) })
          : tf.ranStep(thread, answer, compute(step));
    thread = tf.appendEvents(thread, events, Date.now());
  }
  return thread;
}
function compute(step: CalculatorTools): number {
  if (step.intent === "add") return step.a + step.b;
  if (step.intent === "subtract") return step.a - step.b;
  if (step.intent === "multiply") return step.a * step.b;
  if (step.intent === "divide") return step.a / step.b;
  throw new Error(`no code for ${JSON.stringify(step)}`);
}
