import { canonicalJson, isJsonArray, isJsonObject, type Json, toJson } from "../../base/json.ts";
import type { Step } from "../../thread/events.ts";
import type { StoredDecision } from "./stored-decisions.ts";

/** What reading a stored answer anew says. */
export type Reparsed =
  | { readonly kind: "same" }
  /** Another step. `fields`: what was and what is, by name. */
  | { readonly kind: "changed"; readonly fields: Readonly<Record<string, readonly [Json, Json]>> }
  /** It was read, and is refused now. */
  | { readonly kind: "fails"; readonly message: string }
  /** It was refused, and is read now. */
  | { readonly kind: "accepted"; readonly step: Json }
  /** The same step with another grade. */
  | { readonly kind: "regraded"; readonly worse: boolean; readonly from: Grading; readonly to: Grading };

/** How faithfully a completion was read, and what is doubtful about it. */
export interface Grading {
  readonly grade: "exact" | "tolerant" | "doubtful";
  readonly reasons: readonly string[];
}

const GRADES = ["doubtful", "tolerant", "exact"] as const;

/** Refusals that the text alone decides. How a completion ended is not kept. */
const BY_TEXT: readonly string[] = ["too_large", "too_deep", "too_many_objects", "empty", "no_match"];
/** Doubts that the text alone does not decide. */
const NOT_BY_TEXT = ["unknown_finish", "invalid_text"];

/** Reads a stored answer with the types and the gate of now. No model is asked. */
export function reparse({ event, completion, own, thread }: StoredDecision): Reparsed {
  const answer = own.nextStep.parse(completion.raw, thread);
  if (event.type === "step_refused") {
    if (!BY_TEXT.includes(event.data.reason) || !answer.ok) return { kind: "same" };
    return { kind: "accepted", step: toJson(answer.value) };
  }
  if (!answer.ok) return { kind: "fails", message: answer.message };
  const value = toJson(answer.value);
  const step = isJsonArray(value) ? (value[0] ?? null) : value;
  const { step: before, fidelity } = event.data;
  if (canonicalJson(before) !== canonicalJson(step))
    return { kind: "changed", fields: changes(before, step) };
  const { grade, reasons } = answer.fidelity;
  const same = grade === fidelity.grade || fidelity.reasons.some((reason) => NOT_BY_TEXT.includes(reason));
  if (same) return { kind: "same" };
  const worse = GRADES.indexOf(grade) < GRADES.indexOf(fidelity.grade);
  return { kind: "regraded", worse, from: fidelity, to: { grade, reasons } };
}

/** The fields in which two steps differ. */
export function changes(before: Step, after: Json): Readonly<Record<string, readonly [Json, Json]>> {
  const now: { readonly [name: string]: Json } = isJsonObject(after) ? after : { value: after };
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const pair = [before[name] ?? null, now[name] ?? null] as const;
      return canonicalJson(pair[0]) === canonicalJson(pair[1]) ? [] : [[name, pair] as const];
    }),
  );
}
