import type { Fidelity } from "../base/completion.ts";
import { isJsonObject, toJson } from "../base/json.ts";
import type { Accepted } from "../prompts/types.ts";
import type { Step } from "../thread/events.ts";

/** A step of an answer, and how faithfully it was read. */
export interface AnsweredStep {
  readonly step: Step;
  readonly fidelity: Fidelity;
}

/**
 * All steps of an answer, in their order: a completion may hold several values, and a prompt may return a list of steps. What
 * is no step is left out.
 */
export function stepsOfAnswer({ value, fidelity, more }: Accepted<unknown>): readonly AnsweredStep[] {
  return [{ value, fidelity }, ...more].flatMap((read) =>
    (Array.isArray(read.value) ? read.value : [read.value]).flatMap((one: unknown): AnsweredStep[] => {
      const json = toJson(one);
      if (!isJsonObject(json)) return [];
      const { intent } = json;
      return typeof intent === "string" ? [{ step: { ...json, intent }, fidelity: read.fidelity }] : [];
    }),
  );
}
