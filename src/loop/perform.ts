import type { Agent } from "../agent/agent.ts";
import type { Thread } from "../thread/thread.ts";
import { checkCommand } from "./check-command.ts";
import type { Command, CommandType } from "./command.ts";
import type { Effect, EffectContext } from "./effect.ts";
import { type Write, write } from "./journal.ts";
import { delegate } from "./perform-delegate.ts";
import { askModel } from "./perform-model.ts";
import { askForHelp, askHuman, judgeStep, requestApproval, tellProgress } from "./perform-people.ts";
import { prefetch } from "./perform-prefetch.ts";
import { markUnknown, runTool } from "./perform-tool.ts";
import { runTools } from "./perform-tools.ts";
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
  run_tools: runTools,
  mark_unknown: markUnknown,
  ask_human: askHuman,
  ask_for_help: askForHelp,
  reach_budget: reachBudget,
  sleep,
  wait_for_event: waitForEvent,
  delegate,
  tell_progress: tellProgress,
  finish,
  fail,
};

/** Carries out a command. Yields the events to append, and continues only once they are appended. */
export async function* perform(
  command: Command,
  ...given: readonly [thread: Thread, agent: Agent, context: EffectContext]
): AsyncGenerator<Write> {
  yield* await begin(command, ...given);
}

/** The same for the loop, which a generator around another one would slow down. */
export async function begin(
  command: Command,
  ...given: readonly [thread: Thread, agent: Agent, context: EffectContext]
): Promise<ReturnType<Effect<CommandType>>> {
  const [thread, agent, context] = given;
  const checked = await checkCommand(command, thread, agent, { context });
  return "problem" in checked ? [write(checked.problem)] : effectOf(checked.command, ...given);
}

/** A command's effect, without the rules for its step. */
export function effectOf<T extends CommandType>(
  command: Command<T>,
  ...given: readonly [thread: Thread, agent: Agent, context: EffectContext]
): ReturnType<Effect<T>> {
  return EFFECTS[command.type](command, ...given);
}
