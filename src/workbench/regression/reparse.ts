import { type AnsweredStep, stepsOfAnswer } from "../../agent/steps-of-answer.ts";
import { canonicalJson, type Json } from "../../base/json.ts";
import { BY_ITS_END } from "../../prompts/gate/answer.ts";
import type { Step } from "../../thread/events.ts";
import type { DecidedStep } from "../decisions.ts";
import type { StoredDecision } from "./stored-decisions.ts";

/** What reading a stored answer anew says. */
export type Reparsed =
  | { readonly kind: "same" }
  /** Another step, or other steps. `fields`: what was and what is; see `changesOf`. */
  | { readonly kind: "changed"; readonly fields: Changes }
  /** It was read, and is refused now. */
  | { readonly kind: "fails"; readonly message: string }
  /** It was refused, and is read now. */
  | { readonly kind: "accepted"; readonly steps: readonly Step[] }
  /** The same steps, one of them with another grade. */
  | { readonly kind: "regraded"; readonly worse: boolean; readonly from: Grading; readonly to: Grading };

/** How faithfully a completion was read, and what is doubtful about it. */
export interface Grading {
  readonly grade: "exact" | "tolerant" | "doubtful";
  readonly reasons: readonly string[];
}

const GRADES = ["doubtful", "tolerant", "exact"] as const;

/** Doubts that the text alone does not decide. */
const NOT_BY_TEXT = ["unknown_finish", "invalid_text"];

/** Reads a stored answer with the types and the gate of now. No model is asked. */
export function reparse({ event, completion, steps: before, own, thread }: StoredDecision): Reparsed {
  const answer = own.nextStep.parse(completion.raw, thread);
  if (event.type === "step_refused") {
    // How a completion ended is not kept.
    if (!answer.ok || BY_ITS_END.includes(event.data.message)) return { kind: "same" };
    const steps = stepsOfAnswer(answer).map(({ step }) => step);
    return steps.length === 0 ? { kind: "same" } : { kind: "accepted", steps };
  }
  if (!answer.ok) return { kind: "fails", message: answer.message };
  const now = stepsOfAnswer(answer);
  const fields = changesOf(
    before.map(({ step }) => step),
    now.map(({ step }) => step),
  );
  if (Object.keys(fields).length > 0) return { kind: "changed", fields };
  const regraded = before.flatMap((one, index) => regradingOf(one, now[index]) ?? []);
  return regraded.find(({ worse }) => worse) ?? regraded[0] ?? { kind: "same" };
}

function regradingOf(
  { proposed }: DecidedStep,
  now: AnsweredStep | undefined,
): Extract<Reparsed, { readonly kind: "regraded" }> | undefined {
  // The grade of a step that was dropped is not kept.
  if (proposed === undefined || now === undefined) return undefined;
  const { fidelity: from } = proposed.data;
  const { grade, reasons } = now.fidelity;
  if (grade === from.grade || from.reasons.some((reason) => NOT_BY_TEXT.includes(reason))) return undefined;
  return {
    kind: "regraded",
    worse: GRADES.indexOf(grade) < GRADES.indexOf(from.grade),
    from,
    to: { grade, reasons },
  };
}

/** What was and what is, by name. */
export type Changes = Readonly<Record<string, readonly [Json, Json]>>;

/**
 * In which fields steps differ, those of the second and later steps as `step 2 amount`; a step that one side does not have
 * is there whole, as `step 2`. Without the fields of `ignore`.
 */
export function changesOf(
  before: readonly Step[],
  after: readonly Step[],
  ignore: readonly string[] = [],
): Changes {
  const found: Record<string, readonly [Json, Json]> = {};
  for (let at = 0; at < Math.max(before.length, after.length); at += 1) {
    const [was, is] = [before[at], after[at]];
    const place = `step ${at + 1}`;
    if (was === undefined || is === undefined) {
      found[place] = [was ?? null, is ?? null];
      continue;
    }
    for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
      const pair = [was[name] ?? null, is[name] ?? null] as const;
      const same = ignore.includes(name) || canonicalJson(pair[0]) === canonicalJson(pair[1]);
      if (!same) found[at === 0 ? name : `${place} ${name}`] = pair;
    }
  }
  return found;
}

/** Whether the steps are others, not only their arguments. */
export function changesIntent(changes: Changes): boolean {
  return Object.keys(changes).some((name) => /^(?:step \d+ )?intent$|^step \d+$/.test(name));
}
