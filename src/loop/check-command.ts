import type { Agent } from "../agent/agent.ts";
import { recheckPeople } from "../agent/recheck-people.ts";
import type { CallId } from "../base/ids.ts";
import { compactError } from "../context/blocks/errors.ts";
import { checkStep } from "../steps/check.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { NewEvent, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command, CommandType } from "./command.ts";
import { callOf, type EffectContext, refuseArguments } from "./effect.ts";

/** What a step's rules say of it, or what was recorded of that. */
export type Check = (
  definition: StepDefinition<Step>,
  call: OpenCall,
  thread: Thread,
) => Promise<string | undefined>;

/** Changes nothing for anybody. */
const HARMLESS: ReadonlySet<CommandType> = new Set([
  "ask_human",
  "sleep",
  "wait_for_event",
  "tell_progress",
  "finish",
]);

/** The checks of a command's calls; in a replay those that were recorded, and people are not asked about again. */
export interface CallChecks {
  readonly check?: Check | undefined;
  readonly context?: EffectContext | undefined;
}

/**
 * The command, if its calls may run; or what is wrong with the first of them. Of several calls it keeps those before the
 * first that may not run.
 */
export async function checkCommand(
  command: Command,
  thread: Thread,
  agent: Agent,
  { check = checkStep, context }: CallChecks,
): Promise<{ readonly command: Command } | { readonly problem: NewEvent }> {
  const { type } = command;
  const several = command.type === "run_tools" || command.type === "delegate";
  const callIds = several ? command.callIds : "intent" in command ? [command.callId] : [];
  if (callIds.length === 0) return { command };
  const problemOf = async (callId: CallId) => {
    const call = callOf(thread, callId);
    const refused = await breachOf(call, { thread, agent, check, isRequest: type === "request_approval" });
    if (refused !== undefined || context === undefined) return refused;
    // Nothing runs yet.
    if (type === "request_approval" || type === "judge_step") return undefined;
    return recheckPeople({ thread, call, context }, HARMLESS.has(type));
  };
  const problems = await Promise.all(callIds.map(problemOf));
  const end = problems.findIndex((problem) => problem !== undefined);
  const [problem] = problems;
  if (problem !== undefined) return { problem };
  if (end === -1 || !several) return { command };
  return { command: { ...command, callIds: command.callIds.slice(0, end) } };
}

interface Rules {
  readonly thread: Thread;
  readonly agent: Agent;
  readonly check: Check;
  /** Whether people are about to be asked. */
  readonly isRequest: boolean;
}

/**
 * What is wrong with a step. Its rules are checked before anybody (the judge, then people) is asked about it, and again
 * right before it runs, when earlier results are known.
 */
async function breachOf(
  call: OpenCall,
  { thread, agent, check, isRequest }: Rules,
): Promise<NewEvent | undefined> {
  const definition = agent.steps.get(call.step.intent);
  if (definition === undefined) return undefined;
  const { options } = definition;
  if (options.arguments === undefined && options.check === undefined) return undefined;
  const { kind } = call.phase;
  if (kind !== "proposed" && kind !== "judged" && kind !== "approved") return undefined;
  // The judge was asked a moment ago.
  if (kind === "judged" && isRequest) return undefined;
  try {
    const problem = await check(definition, call, thread);
    return problem === undefined ? undefined : refuseArguments(call.callId, problem);
  } catch (error) {
    return refuseArguments(call.callId, compactError(error).message);
  }
}
