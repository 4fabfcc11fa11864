import type { Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { checkText } from "./check-returned.ts";
import type { StepDefinition } from "./definitions.ts";
import { describeIssues } from "./standard-schema.ts";

/** What is wrong with the step's arguments, in words for the model, or `undefined` if every rule passes. Throws what a rule throws. */
export async function checkStep(
  definition: StepDefinition<Step>,
  call: Pick<OpenCall, "step" | "fidelity">,
  thread: Thread,
): Promise<string | undefined> {
  const issues = await checkArguments(definition, call.step);
  if (issues !== undefined) return issues;
  const problem = await definition.options.check?.(call.step, { thread, fidelity: call.fidelity });
  if (problem !== undefined) checkText("what the step's check returns", problem);
  return problem;
}

/** What the step's schema says is wrong with its arguments. */
export async function checkArguments(
  { options: { arguments: schema } }: StepDefinition<Step>,
  step: Step,
): Promise<string | undefined> {
  const { issues } = (await schema?.["~standard"].validate(step)) ?? {};
  return issues === undefined ? undefined : describeIssues(issues);
}
