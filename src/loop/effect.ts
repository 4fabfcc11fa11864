import type { Agent } from "../agent/agent.ts";
import type { KeptResults } from "../agent/reuse-results.ts";
import type { Clock } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import type { People } from "../humans/people.ts";
import type { StillAllowed } from "../humans/still-allowed.ts";
import type { Admit, ModelChoice } from "../prompts/types.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { NewJobToken } from "../steps/start-job.ts";
import type { NewEvent, Step } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command, CommandType } from "./command.ts";
import type { Write } from "./journal.ts";

/** What effects need from outside, passed in so that tests control it. */
export interface EffectContext {
  readonly clock: Clock;
  /** Aborted when the thread is cancelled or the process wants to stop: no further command, no model call. */
  readonly signal: AbortSignal;
  /** Aborted only when the thread is cancelled: a process that stops lets its tools end. Default: `signal`. */
  readonly toolSignal?: AbortSignal | undefined;
  /**
   * Aborted when a message interrupts what runs now (`whenBusy: "interrupt"`); read anew when each model call or tool
   * begins. Default: nothing is interrupted.
   */
  readonly interruption?: AbortSignal | undefined;
  /** Keeps results of tools with `cacheScope: "agent"`. Default: they are fetched each time. */
  readonly results?: KeptResults | undefined;
  /** The model that answers if the prompt function has none of its own. Default: the client named in the prompt. */
  readonly model?: ModelChoice | undefined;
  /** Asked before each attempt of a model call. Default: it begins at once. */
  readonly admit?: Admit | undefined;
  /** Called with partial output while a step streams, for display only: never act on it. Must not throw. */
  readonly onPartial?: ((partial: unknown) => void) | undefined;
  /** Hands steps to other agents. Default: no step can be handed to any. */
  readonly delegation?: Delegation | undefined;
  /** Who is who across channels, as it was when people approved. Default: nothing is known. */
  readonly people?: People | undefined;
  /** Checks requesters and approvers again, right before a call runs. Default: they stay what they were. */
  readonly stillAllowed?: StillAllowed | undefined;
  /** Called before each command is decided on, and waited for. May append to the journal. Default: nothing. */
  readonly beforeCommand?: (() => Promise<void>) | undefined;
  /** Makes the tokens of long-running jobs. Default: random ones. */
  readonly jobToken?: NewJobToken | undefined;
}

/** Aborted when a tool is to stop: the thread is cancelled, or a message interrupts it. */
export function signalForTool({ signal, toolSignal = signal, interruption }: EffectContext): AbortSignal {
  return interruption === undefined ? toolSignal : AbortSignal.any([toolSignal, interruption]);
}

/** Starts the threads of other agents that work for a thread. */
export interface Delegation {
  /** Why no thread of this agent can be started, in words for the model. */
  refuse(agent: string): string | undefined;
  /**
   * Starts this thread, which the working one has on record as requested, unless it exists already. Resolves with what keeps
   * it from being started, if anything does.
   */
  start(threadId: ThreadId): Promise<string | undefined>;
}

/** Carries out one kind of command. Yields the events to append, and continues only once they are appended. */
export type Effect<T extends CommandType> = (
  command: Command<T>,
  thread: Thread,
  agent: Agent,
  context: EffectContext,
) => AsyncIterable<Write> | Iterable<Write>;

/** The call that a command names. Throws `UsageError` if the command was decided for another thread. */
export function callOf({ id, state }: Thread, callId: CallId): OpenCall {
  const call = state.calls.find((open) => open.callId === callId);
  if (call !== undefined) return call;
  throw new UsageError("invalid_argument", `thread ${id} has no open call ${callId}: decide again`);
}

/** What the agent's code does about an intent. Throws `UsageError` if that is not the kind of step that was decided on. */
export function definitionOf<K extends StepDefinition<Step>["kind"]>(
  { name, steps }: Agent,
  intent: string,
  ...kinds: readonly K[]
): Extract<StepDefinition<Step>, { kind: K }> {
  const definition = steps.get(intent);
  if (definition !== undefined && isOneOf(definition, kinds)) return definition;
  throw new UsageError("invalid_argument", `${intent} of agent ${name} is no ${kinds.join(" or ")}`);
}

function isOneOf<K extends StepDefinition<Step>["kind"]>(
  definition: StepDefinition<Step>,
  kinds: readonly K[],
): definition is Extract<StepDefinition<Step>, { kind: K }> {
  return kinds.some((kind) => kind === definition.kind);
}

/** The event that tells the model what is wrong with a step. */
export function refuseArguments(callId: CallId, message: string): NewEvent {
  return { type: "step_refused", data: { reason: "invalid_arguments", message, callId } };
}
