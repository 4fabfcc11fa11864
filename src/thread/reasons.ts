import type { Step } from "./event-parts.ts";

/** The field of a step in which a model writes why it chose it, before the arguments; see `docs/prompts.md`. */
export const REASONS_FIELD = "reasoning";

/**
 * A step without the model's reasons. They are worded anew each time and are no argument: two steps that differ in nothing
 * else are the same step, for the check of repeated steps and for cached results.
 */
export function withoutReasons(step: Step): Step {
  if (typeof step[REASONS_FIELD] !== "string") return step;
  const { [REASONS_FIELD]: _, ...rest } = step;
  return { ...rest, intent: step.intent };
}
