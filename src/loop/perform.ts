import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../base/clock.ts";
import { isoTime } from "../base/clock.ts";
import { type Json, toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { ModelChoice } from "../prompts/types.ts";
import { checkStep } from "../steps/check.ts";
import type { NewJobToken } from "../steps/start-job.ts";
import type { NewEvent } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command } from "./command.ts";
import { type Write, write } from "./journal.ts";
import { askModel } from "./perform-model.ts";
import { judgeStep, requestApproval, tellProgress } from "./perform-people.ts";
import { prefetchAll } from "./perform-prefetch.ts";
import { runTool } from "./perform-tool.ts";

/** What effects need from outside: passed in, so that tests and replays decide. */
export interface LoopTools {
  readonly clock: Clock;
  /** Aborted when the thread is cancelled or the process wants to stop: no further command, no model call. */
  readonly signal: AbortSignal;
  /** Aborted only when the thread is cancelled: a process that stops lets its tools end. Default: `signal`. */
  readonly toolSignal?: AbortSignal;
  /** Which model answers; absent: the client named in the prompt. */
  readonly model?: ModelChoice;
  /** Partial output while a step streams: to be shown, never acted on. May not throw. */
  readonly onPartial?: (partial: unknown) => void;
  /** Makes the tokens of long-running jobs. Default: random ones. */
  readonly jobToken?: NewJobToken;
}

export type Effect<C extends Command = Command> = (
  command: C,
  thread: Thread,
  agent: Agent,
  tools: LoopTools,
) => AsyncIterable<Write>;

/** Does what was decided. Yields the events to append; goes on only when they are appended. */
export async function* perform(
  command: Exclude<Command, { type: "wait" }>,
  thread: Thread,
  agent: Agent,
  tools: LoopTools,
): AsyncGenerator<Write> {
  const problem = await problemWith(command, thread);
  if (problem !== undefined) yield write(agent.context.forStore(problem, thread));
  else yield* effectOf(command, thread, agent, tools);
}

function effectOf(
  command: Exclude<Command, { type: "wait" }>,
  thread: Thread,
  agent: Agent,
  tools: LoopTools,
): AsyncIterable<Write> | Iterable<Write> {
  switch (command.type) {
    case "ask_model":
      return askModel(thread, agent, tools);
    case "judge_step":
      return judgeStep(command, thread, agent, tools);
    case "request_approval":
      return requestApproval(command, thread, agent, tools);
    case "run_tool":
      return runTool(command, thread, agent, tools);
    case "prefetch":
      return prefetchAll(command, thread, agent, tools);
    case "tell_progress":
      return tellProgress(command, thread);
    case "reset_errors":
      return [write(...agent.context.resetErrors(thread))];
    default:
      return recorded(command, tools.clock.now());
  }
}

type Recorded = Exclude<
  Command,
  {
    type:
      | "wait"
      | "ask_model"
      | "prefetch"
      | "judge_step"
      | "request_approval"
      | "run_tool"
      | "tell_progress"
      | "reset_errors";
  }
>;

/** Commands that are nothing but their events. What the user's step code throws becomes a refusal of the step. */
function recorded(command: Recorded, now: number): Write[] {
  try {
    return [write(...eventsOf(command, now))];
  } catch (error) {
    if (!("call" in command) || command.call === null || command.call === undefined) throw error;
    return [write(refusal(command.call, compactError(error).message))];
  }
}

function eventsOf(command: Recorded, now: number): NewEvent[] {
  switch (command.type) {
    case "refuse_step": {
      const { call, reason, message } = command;
      const data = call === null ? { reason, message } : { reason, message, callId: call.callId };
      return [{ type: "step_refused", data }];
    }
    case "drop_steps": {
      const steps = command.calls.map((call) => call.step);
      const callIds = command.calls.map((call) => call.callId);
      return [{ type: "steps_dropped", data: { steps, callIds, reason: command.reason } }];
    }
    case "mark_unknown":
      return [
        {
          type: "tool_unknown",
          data: { callId: command.call.callId, reason: "the process ended before the outcome was recorded" },
        },
      ];
    case "ask_human": {
      const asked = command.definition.ask(command.call.step);
      return [{ type: "human_asked", data: { kind: "question", callId: command.call.callId, ...asked } }];
    }
    case "ask_people": {
      const { kind, question, call } = command;
      return [
        {
          type: "human_asked",
          data: { kind, question, ...(call === undefined ? {} : { callId: call.callId }) },
        },
      ];
    }
    case "reach_budget": {
      const { budget, limit, used } = command;
      const question = `The budget of ${limit} ${budget} is used up (${used}). Go on with as much again, or stop?`;
      return [
        { type: "budget_reached", data: { budget, limit, used } },
        { type: "human_asked", data: { kind: "budget", question } },
      ];
    }
    case "sleep": {
      const until = isoTime(command.definition.until(command.call.step, now));
      return [{ type: "sleep_started", data: { callId: command.call.callId, until } }];
    }
    case "wait_for_event": {
      const { name, until } = command.definition.event(command.call.step, now);
      const data = { callId: command.call.callId, name };
      return [
        { type: "event_awaited", data: until === undefined ? data : { ...data, until: isoTime(until) } },
      ];
    }
    case "finish": {
      const { definition, call } = command;
      const result: Json =
        definition.kind === "finish"
          ? toJson(definition.result(call.step))
          : toJson(definition.reason(call.step));
      return [{ type: "finished", data: { callId: call.callId, result } }];
    }
    case "fail":
      return [{ type: "failed", data: { error: { name: command.name, message: command.message } } }];
    default:
      return command satisfies never;
  }
}

/** The rules for a step are checked right before anything is done about it, when earlier results are known. */
async function problemWith(command: Command, thread: Thread): Promise<NewEvent | undefined> {
  if (!("call" in command) || !("definition" in command)) return undefined;
  const { call, definition } = command;
  const { options } = definition;
  if (options.arguments === undefined && options.check === undefined) return undefined;
  if (call.phase.kind !== "proposed" && call.phase.kind !== "judged" && call.phase.kind !== "approved")
    return undefined;
  try {
    const problem = await checkStep(definition, call, thread);
    return problem === undefined ? undefined : refusal(call, problem);
  } catch (error) {
    return refusal(call, compactError(error).message);
  }
}

function refusal(call: OpenCall, message: string): NewEvent {
  return { type: "step_refused", data: { reason: "invalid_arguments", message, callId: call.callId } };
}
