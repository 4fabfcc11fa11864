import type { Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { StepDefinition } from "./definitions.ts";
import { describeIssues } from "./standard-schema.ts";

/** What is wrong with the step's arguments, in words for the model, or `undefined` when every rule passes. Throws what a rule throws. */
export async function checkStep(
  definition: StepDefinition<Step>,
  call: Pick<OpenCall, "step" | "fidelity">,
  thread: Thread,
): Promise<string | undefined> {
  const { arguments: schema, check } = definition.options;
  if (schema !== undefined) {
    const result = await schema["~standard"].validate(call.step);
    if (result.issues !== undefined) return describeIssues(result.issues);
  }
  return check?.(call.step, { thread, fidelity: call.fidelity });
}
