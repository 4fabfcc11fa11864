import type { Agent, NextStepOptions } from "../agent/agent.ts";
import { ownWords } from "../agent/own-words.ts";
import { stepsOfAnswer } from "../agent/steps-of-answer.ts";
import { summaryOf } from "../agent/summarize.ts";
import { TwelvefoldError, UsageError } from "../base/errors.ts";
import { callIdAt } from "../base/ids.ts";
import { compactError } from "../context/blocks/errors.ts";
import { MIN_TOKENS } from "../context/budget/token-budget.ts";
import type { Answer } from "../prompts/types.ts";
import { isReadOnlyWork } from "../steps/permission.ts";
import type { EventData, NewEvent, OwnWords } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Effect } from "./effect.ts";
import { write } from "./journal.ts";

/**
 * Asks for the next step. The model's mistakes become refusals that it reads. If the provider refuses or is down, that is not
 * the model's mistake: a person is asked whether to try again.
 */
export const askModel: Effect<"ask_model"> = async function* (_command, thread, agent, context) {
  let answer: Answer<unknown>;
  const { model: defaultModel, interruption, admit } = context;
  const signal =
    interruption === undefined ? context.signal : AbortSignal.any([context.signal, interruption]);
  try {
    // Decide again after each compaction until the thread fits.
    const compacted = await compaction(thread, agent, { signal, defaultModel, admit });
    if (compacted.length > 0) {
      yield write(...compacted);
      return;
    }
    answer = await agent.nextStep.call(thread, {
      signal,
      defaultModel,
      admit,
      onPartial: context.onPartial,
    });
  } catch (error) {
    if (context.signal.aborted) return;
    if (interruption?.aborted) {
      // The journal notices that somebody has written, and it is decided anew.
      yield write();
      return;
    }
    // A test's script has run out: nobody can answer for it.
    if (TwelvefoldError.isInstance(error) && error.code === "unexpected_call") throw error;
    yield write(providerProblem(error));
    return;
  }
  const { requester, lastInput } = thread.state;
  const events = ({ state }: Thread) => {
    const missed = state.lastInput === lastInput ? undefined : { requester, after: lastInput };
    return answerEvents(answer, agent, { seq: state.seq + 1, missed });
  };
  yield { events, when: "soon", onConflict: "keep_unless_outdated" };
};

async function compaction(
  thread: Thread,
  agent: Agent,
  options: NextStepOptions,
): Promise<readonly NewEvent[]> {
  const tokens = await agreedTokens(thread, agent);
  if (!agent.context.budgeted && tokens === undefined) return [];
  const plan = await agent.context.plan(thread, tokens);
  if (plan.kind === "ready" && tokens !== undefined && thread.events.at(-1)?.type !== "context_compacted") {
    const message = "what the model reads of the thread cannot be made shorter: take one that reads more";
    throw new UsageError("invalid_configuration", message);
  }
  if (plan.kind === "ready") return [];
  return plan.kind === "compact" ? plan.events : [await summaryOf(plan, agent, options)];
}

/** Half of the thread's tokens when it was too long for the model, if a person has agreed to shorten it. */
async function agreedTokens({ events }: Thread, { context }: Agent): Promise<number | undefined> {
  const index = events.findLastIndex(
    ({ type, data }) => type === "human_asked" || ("completion" in data && type !== "context_compacted"),
  );
  const asked = events[index];
  if (asked?.type !== "human_asked" || asked.data.problem !== "prompt_too_long") return undefined;
  const before = await context.countTokens({ events: events.slice(0, index) });
  return Math.max(MIN_TOKENS, Math.floor(before / 2));
}

function providerProblem(error: unknown): NewEvent {
  const { message } = compactError(error);
  const known = TwelvefoldError.isInstance(error);
  const what = known ? message : `the model call failed: ${message}`;
  if (!known || error.code !== "prompt_too_long") {
    return { type: "human_asked", data: { kind: "provider", question: `${what}. Try again, or stop?` } };
  }
  // The same request would be refused again.
  const question = `${what}. Shorten what it reads of the thread to half, so that older parts are summarised or left out, and go on; or stop?`;
  return { type: "human_asked", data: { kind: "provider", question, problem: error.code } };
}

export interface AnswerPlace {
  /** The number of the first event. */
  readonly seq: number;
  /** If something came in that the model had not read: who had asked before. */
  readonly missed: EventData["step_proposed"]["missed"] | undefined;
  /** What the model wrote beside its step. Default: taken from the answer. */
  readonly said?: OwnWords | undefined;
}

/** The events that record an answer. Pure. */
export function answerEvents(
  answer: Answer<unknown>,
  agent: Agent,
  { seq, missed, said = ownWords(answer) }: AnswerPlace,
): NewEvent[] {
  const completion = { completion: answer.completion, missed };
  if (!answer.ok) {
    return [
      { type: "step_refused", data: { reason: "unparseable", message: answer.message, ...completion } },
    ];
  }
  const steps = stepsOfAnswer(answer);
  const [first, ...others] = steps;
  if (first === undefined) {
    const message = "The answer holds no step. Answer with exactly one.";
    return [{ type: "step_refused", data: { reason: "unparseable", message, ...completion } }];
  }
  const events: NewEvent[] = [
    {
      type: "step_proposed",
      data: { callId: callIdAt(seq), ...first, ...completion, said },
    },
  ];
  if (others.length === 0) return events;
  if (agent.severalSteps !== "first") {
    const readOnly = steps.map(({ step: { intent } }) => isReadOnlyWork(agent.steps.get(intent)));
    others.forEach((other, index) => {
      const alongside =
        agent.severalSteps === "concurrent" && readOnly[index] && readOnly[index + 1]
          ? { alongside: true as const }
          : {};
      events.push({
        type: "step_proposed",
        data: { callId: callIdAt(seq + 1 + index), ...other, ...alongside },
      });
    });
  } else {
    const reason = "only the first step of an answer is run: propose one step at a time";
    events.push({ type: "steps_dropped", data: { steps: others.map(({ step }) => step), reason } });
  }
  return events;
}
