import { stepsOfAnswer } from "../../agent/steps-of-answer.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { checkNames } from "../../base/options.ts";
import { withoutReasons } from "../../thread/reasons.ts";
import { ASK_NAMES, type AskOptions, askNextStep } from "../answers/ask.ts";
import { passRate, type Rate } from "../statistics/interval.ts";
import { type Changes, changesIntent, changesOf } from "./reparse.ts";
import type { StoredDecision } from "./stored-decisions.ts";

/** A decision made anew; no tool ran. */
export interface Redecided {
  readonly threadId: string;
  readonly seq: number;
  readonly agent: string;
  /** The intent of then, of the first of its steps. */
  readonly intent: string;
  readonly outcome:
    | { readonly kind: "agrees" }
    /** Another step, or other steps. `fields`: what was and what is; see `changesOf`. */
    | { readonly kind: "differs"; readonly fields: Changes }
    | { readonly kind: "refused"; readonly message: string }
    /** The model could not be asked. */
    | { readonly kind: "failed"; readonly message: string };
  /** Whether the answer was kept from before. */
  readonly cached: boolean;
}

/**
 * Asks about the thread of a stored decision anew and compares all its steps, without the model's reasons and the fields of
 * `ignore`. `undefined` for an answer that was refused then: there is nothing to agree with.
 */
export async function redecide(
  { event, steps, own, thread, threadId, agent }: StoredDecision,
  options: AskOptions & { readonly ignore?: readonly string[] | undefined },
): Promise<Redecided | undefined> {
  checkNames("redecide", { ...ASK_NAMES, ignore: true }, options);
  if (event.type !== "step_proposed") return undefined;
  const { ignore = [], ...ask } = options;
  const about = { threadId, seq: event.seq, agent, intent: event.data.step.intent };
  try {
    const { answer, cached } = await askNextStep(own, thread, ask);
    if (!answer.ok) return { ...about, outcome: { kind: "refused", message: answer.message }, cached };
    // Reasons are worded anew each time.
    const then = steps.map(({ step }) => withoutReasons(step));
    const now = stepsOfAnswer(answer).map(({ step }) => withoutReasons(step));
    const fields = changesOf(then, now, ignore);
    const agrees = Object.keys(fields).length === 0;
    return { ...about, outcome: agrees ? { kind: "agrees" } : { kind: "differs", fields }, cached };
  } catch (error) {
    if (ask.signal?.aborted === true || !TwelvefoldError.isInstance(error)) throw error;
    return { ...about, outcome: { kind: "failed", message: error.message }, cached: false };
  }
}

/** How many decisions agree, of those that were asked; `intents`: how many have the same intent. Decisions of a thread are alike. */
export function agreement(all: readonly Redecided[]): { readonly steps: Rate; readonly intents: Rate } {
  const asked = all.filter(({ outcome }) => outcome.kind !== "failed");
  const threads = [...Map.groupBy(asked, ({ threadId }) => threadId).values()];
  const rateOf = (agrees: (one: Redecided) => boolean) =>
    passRate(threads.map((of) => ({ passed: of.filter(agrees).length, samples: of.length })));
  return {
    steps: rateOf(({ outcome }) => outcome.kind === "agrees"),
    intents: rateOf(
      ({ outcome }) =>
        outcome.kind === "agrees" || (outcome.kind === "differs" && !changesIntent(outcome.fields)),
    ),
  };
}
