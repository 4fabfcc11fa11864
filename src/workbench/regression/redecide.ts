import { TwelvefoldError } from "../../base/errors.ts";
import { isJsonArray, type Json, toJson } from "../../base/json.ts";
import { type AskOptions, askNextStep } from "../answers/ask.ts";
import { passRate, type Rate } from "../statistics/interval.ts";
import { changes } from "./reparse.ts";
import type { StoredDecision } from "./stored-decisions.ts";

/** A decision made anew; no tool ran. */
export interface Redecided {
  readonly threadId: string;
  readonly seq: number;
  readonly agent: string;
  /** The intent of then. */
  readonly intent: string;
  readonly outcome:
    | { readonly kind: "agrees" }
    /** Another step. `fields`: what was and what is, by name, the intent among them. */
    | { readonly kind: "differs"; readonly fields: Readonly<Record<string, readonly [Json, Json]>> }
    | { readonly kind: "refused"; readonly message: string }
    /** The model could not be asked. */
    | { readonly kind: "failed"; readonly message: string };
  /** Whether the answer was kept from before. */
  readonly cached: boolean;
}

/**
 * Asks about the thread of a stored decision anew and compares the first step, without the fields of `ignore`. `undefined` for
 * an answer that was refused then: there is nothing to agree with.
 */
export async function redecide(
  { event, own, thread, threadId, agent }: StoredDecision,
  options: AskOptions & { readonly ignore?: readonly string[] | undefined },
): Promise<Redecided | undefined> {
  if (event.type !== "step_proposed") return undefined;
  const { ignore = [], ...ask } = options;
  const { step } = event.data;
  const about = { threadId, seq: event.seq, agent, intent: step.intent };
  try {
    const { answer, cached } = await askNextStep(own, thread, ask);
    if (!answer.ok) return { ...about, outcome: { kind: "refused", message: answer.message }, cached };
    const value = toJson(answer.value);
    const all = changes(step, isJsonArray(value) ? (value[0] ?? null) : value);
    const fields = Object.fromEntries(Object.entries(all).filter(([name]) => !ignore.includes(name)));
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
        outcome.kind === "agrees" || (outcome.kind === "differs" && outcome.fields["intent"] === undefined),
    ),
  };
}
