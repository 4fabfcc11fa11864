import * as tf from "twelvefold";
import { b } from "../baml_client/index.ts";
import { getBamlFiles } from "../baml_client/inlinedbaml.ts";
import type { Account } from "./account.ts";

export type Step = Awaited<ReturnType<typeof b.DetermineNextStep>>;

export interface LoopOptions {
  /** Proposes the next step. */
  readonly nextStep: Pick<tf.NextStepFunction<[thread: string], Step>, "call">;
  readonly account: Account;
  /** Asks the person at hand. */
  ask(question: string): Promise<string>;
  /** Who is at hand. */
  readonly person: tf.VerifiedPrincipal;
}

/** The prompt in `baml_src/agent.baml`, answered by a model. */
export function promptedBy(model: tf.ModelChoice): LoopOptions["nextStep"] {
  return tf.promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles, model });
}

/** The whole agent: ask for the next step, do it, append what happened, until a step ends the run. It is yours to change. */
export async function runAgent(message: string, options: LoopOptions): Promise<tf.Thread> {
  const { nextStep, person } = options;
  let thread = tf.startThread({ agent: "my-agent" }, Date.now());
  thread = tf.appendEvents(thread, [tf.said(message, person)], Date.now());
  while (thread.state.ended === null) {
    const answer = await nextStep.call([tf.renderThread(thread)]);
    if (!answer.ok) throw new Error(answer.message);
    thread = tf.appendEvents(thread, await perform(thread, answer, options), Date.now());
  }
  return thread;
}

/** What code does with each step. */
async function perform(
  thread: tf.Thread,
  answer: tf.Accepted<Step>,
  { account, ask, person }: LoopOptions,
): Promise<tf.NewEvent[]> {
  const step = answer.value;
  const key = `${thread.id}:${thread.state.seq}`;
  switch (step.intent) {
    case "deposit":
      return tf.ranStep(thread, answer, account.book(step.amount, key));
    case "withdraw": {
      const question = `Take ${step.amount} out of the account? Enter approves, any text denies. `;
      const text = await ask(question);
      if (text !== "") return tf.askedHuman(thread, answer, { by: person, question, text: `No: ${text}` });
      return tf.ranStep(thread, answer, account.book(-step.amount, key));
    }
    case "request_more_information":
      return tf.askedHuman(thread, answer, {
        by: person,
        question: step.message,
        text: await ask(`${step.message} `),
      });
    case "done_for_now":
      return tf.finishedRun(thread, answer, step.message);
    default:
      return step satisfies never;
  }
}
