import type { Agent } from "../agent/agent.ts";
import { compactError } from "../context/blocks/errors.ts";
import { checkStep } from "../steps/check.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { NewEvent, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command } from "./command.ts";
import { callOf, refuseArguments } from "./effect.ts";

/** What a step's rules say of it, or what was recorded of that. */
export type Check = (
  definition: StepDefinition<Step>,
  call: OpenCall,
  thread: Thread,
) => Promise<string | undefined>;

/**
 * The command, if the rules of its steps let it pass; or what is wrong with its first step. Of several calls it keeps those
 * before the first that may not run.
 */
export async function checkCommand(
  command: Command,
  thread: Thread,
  agent: Agent,
  check: Check = checkStep,
): Promise<{ readonly command: Command } | { readonly problem: NewEvent }> {
  if (command.type !== "run_tools") {
    const problem = await problemWith(command, thread, agent, check);
    return problem === undefined ? { command } : { problem };
  }
  const calls = command.callIds.map((callId) => {
    const { intent } = callOf(thread, callId).step;
    return { type: "run_tool", callId, intent } as const;
  });
  const problems = await Promise.all(calls.map((call) => problemWith(call, thread, agent, check)));
  const end = problems.findIndex((problem) => problem !== undefined);
  const [problem] = problems;
  if (problem !== undefined) return { problem };
  return end === -1 ? { command } : { command: { ...command, callIds: command.callIds.slice(0, end) } };
}

/**
 * What is wrong with a step. Its rules are checked before anybody (the judge, then people) is asked about it, and again
 * right before it runs, when earlier results are known.
 */
async function problemWith(
  command: Command,
  thread: Thread,
  agent: Agent,
  check: Check,
): Promise<NewEvent | undefined> {
  if (!("intent" in command)) return undefined;
  const definition = agent.steps.get(command.intent);
  if (definition === undefined) return undefined;
  const { options } = definition;
  if (options.arguments === undefined && options.check === undefined) return undefined;
  const call = callOf(thread, command.callId);
  const { kind } = call.phase;
  if (kind !== "proposed" && kind !== "judged" && kind !== "approved") return undefined;
  // The judge was asked a moment ago.
  if (kind === "judged" && command.type === "request_approval") return undefined;
  try {
    const problem = await check(definition, call, thread);
    return problem === undefined ? undefined : refuseArguments(call.callId, problem);
  } catch (error) {
    return refuseArguments(call.callId, compactError(error).message);
  }
}
