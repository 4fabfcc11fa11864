import type { Agent, NextStepOptions } from "../agent/agent.ts";
import { summaryOf } from "../agent/summarize.ts";
import { TwelvefoldError } from "../base/errors.ts";
import { callIdAt } from "../base/ids.ts";
import { isJsonObject, toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { Answer } from "../prompts/types.ts";
import type { NewEvent, Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Effect } from "./effect.ts";
import { write } from "./journal.ts";

/**
 * Asks for the next step. The model's mistakes become refusals that it reads; a provider that refuses or is down is
 * no mistake of the model's: a person is asked whether to try again.
 */
export const askModel: Effect<"ask_model"> = async function* (_command, thread, agent, context) {
  let answer: Answer<unknown>;
  const { signal, model: defaultModel } = context;
  try {
    // Decided anew after each compaction, until the thread fits.
    const compacted = agent.context.budgeted ? await compaction(thread, agent, { signal, defaultModel }) : [];
    if (compacted.length > 0) {
      yield write(...compacted);
      return;
    }
    answer = await agent.nextStep.call(thread, { signal, defaultModel, onPartial: context.onPartial });
  } catch (error) {
    if (signal.aborted) return;
    // A test's script has run out: nobody can answer for it.
    if (TwelvefoldError.isInstance(error) && error.code === "unexpected_call") throw error;
    yield write(providerProblem(error, agent));
    return;
  }
  const events = (now: Thread) => answerEvents(answer, now.state.seq + 1, agent);
  yield { events, when: "soon", onConflict: "keep_unless_outdated" };
};

async function compaction(
  thread: Thread,
  agent: Agent,
  options: NextStepOptions,
): Promise<readonly NewEvent[]> {
  const plan = await agent.context.plan(thread);
  if (plan.kind === "ready") return [];
  return plan.kind === "compact" ? plan.events : [await summaryOf(plan, agent, options)];
}

function providerProblem(error: unknown, { name, context }: Agent): NewEvent {
  const { message } = compactError(error);
  const what = TwelvefoldError.isInstance(error) ? message : `the model call failed: ${message}`;
  const budget = context.budgeted ? "a smaller token budget" : "a token budget";
  // The same request would be refused again.
  const ways =
    TwelvefoldError.isInstance(error) && error.code === "prompt_too_long"
      ? `Give ${name} ${budget}, so that older parts are compacted, or a model that reads more, and then go on; or stop?`
      : "Try again, or stop?";
  return { type: "human_asked", data: { kind: "provider", question: `${what}. ${ways}` } };
}

/** The events that record an answer, the first of them being event `seq`. Pure. */
export function answerEvents(answer: Answer<unknown>, seq: number, agent: Agent): NewEvent[] {
  const { completion } = answer;
  if (!answer.ok) {
    return [{ type: "step_refused", data: { reason: "unparseable", message: answer.message, completion } }];
  }
  // A prompt may return a list of steps: they are several steps of one completion.
  const proposals = [{ value: answer.value, fidelity: answer.fidelity }, ...answer.more].flatMap(
    ({ value, fidelity }) =>
      (Array.isArray(value) ? value : [value]).map((one: unknown) => ({ step: asStep(one), fidelity })),
  );
  const steps = proposals.flatMap(({ step, fidelity }) => (step === undefined ? [] : [{ step, fidelity }]));
  const [first, ...others] = steps;
  if (first === undefined) {
    const message = "The answer holds no step. Answer with exactly one.";
    return [{ type: "step_refused", data: { reason: "unparseable", message, completion } }];
  }
  const events: NewEvent[] = [
    { type: "step_proposed", data: { callId: callIdAt(seq), ...first, completion } },
  ];
  if (others.length === 0) return events;
  if (agent.severalSteps === "in_order") {
    others.forEach((other, index) => {
      events.push({ type: "step_proposed", data: { callId: callIdAt(seq + 1 + index), ...other } });
    });
  } else {
    const reason = "only the first step of an answer is run: propose one step at a time";
    events.push({ type: "steps_dropped", data: { steps: others.map(({ step }) => step), reason } });
  }
  return events;
}

function asStep(value: unknown): Step | undefined {
  const json = toJson(value);
  if (!isJsonObject(json)) return undefined;
  const { intent } = json;
  return typeof intent === "string" ? { ...json, intent } : undefined;
}
