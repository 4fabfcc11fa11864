import type { Agent } from "../agent/agent.ts";
import { compactError } from "../context/blocks/errors.ts";
import { checkStep } from "../steps/check.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command, CommandType } from "./command.ts";
import { callOf, type Effect, type EffectContext, refuseArguments } from "./effect.ts";
import { type Write, write } from "./journal.ts";
import { askModel } from "./perform-model.ts";
import { askForHelp, askHuman, judgeStep, requestApproval, tellProgress } from "./perform-people.ts";
import { prefetch } from "./perform-prefetch.ts";
import { markUnknown, runTool } from "./perform-tool.ts";
import { dropSteps, fail, finish, reachBudget, refuseStep, sleep, waitForEvent } from "./perform-turn.ts";

/** What each command does. */
export const EFFECTS: { readonly [T in CommandType]: Effect<T> } = {
  wait: () => [],
  ask_model: askModel,
  prefetch,
  refuse_step: refuseStep,
  reset_errors: (_command, thread, agent) => [write(...agent.context.resetErrors(thread))],
  drop_steps: dropSteps,
  judge_step: judgeStep,
  request_approval: requestApproval,
  run_tool: runTool,
  mark_unknown: markUnknown,
  ask_human: askHuman,
  ask_for_help: askForHelp,
  reach_budget: reachBudget,
  sleep,
  wait_for_event: waitForEvent,
  tell_progress: tellProgress,
  finish,
  fail,
};

/** Carries out a command. Yields the events to append, and continues only once they are appended. */
export async function* perform(
  command: Command,
  thread: Thread,
  agent: Agent,
  context: EffectContext,
): AsyncGenerator<Write> {
  const problem = await problemWith(command, thread, agent);
  if (problem !== undefined) yield write(problem);
  else yield* effectOf(command, thread, agent, context);
}

/** A command's effect, without the rules for its step. */
export function effectOf<T extends CommandType>(
  command: Command<T>,
  ...given: readonly [thread: Thread, agent: Agent, context: EffectContext]
): ReturnType<Effect<T>> {
  return EFFECTS[command.type](command, ...given);
}

/** What `check` says of a step, or what was recorded of it. */
export type Check = typeof checkStep;

/**
 * What is wrong with a step. Its rules are checked before anybody (the judge, then people) is asked about it, and again
 * right before it runs, when earlier results are known.
 */
export async function problemWith(
  command: Command,
  thread: Thread,
  agent: Agent,
  check: Check = checkStep,
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
