import type { Agent } from "../agent/agent.ts";
import { approvalRequest } from "../agent/approval-request.ts";
import { TwelvefoldError } from "../base/errors.ts";
import type { CallId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { type Check, checkCommand } from "../loop/check-command.ts";
import type { Command } from "../loop/command.ts";
import { callOf } from "../loop/effect.ts";
import { effectOf } from "../loop/perform.ts";
import { answerEvents } from "../loop/perform-model.ts";
import { reserveTool } from "../loop/perform-tool.ts";
import type { Answer } from "../prompts/types.ts";
import { checkArguments } from "../steps/check.ts";
import type { EventData, EventType, NewEvent, Step, ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/** The model's answer from the events at index `at`; `undefined` if they hold none. */
function recordedAnswer(events: readonly ThreadEvent[], at: number): Answer<Step> | undefined {
  const first = events[at];
  if (first?.type === "step_refused" && first.data.completion !== undefined) {
    const { message, completion } = first.data;
    return { ok: false, reason: "no_match", message, completion };
  }
  if (first?.type !== "step_proposed" || first.data.completion === undefined) return undefined;
  const { step, fidelity, completion } = first.data;
  const more: { readonly value: Step; readonly fidelity: typeof fidelity }[] = [];
  for (const event of events.slice(at + 1)) {
    if (event.type === "step_proposed" && event.data.completion === undefined) {
      more.push({ value: event.data.step, fidelity: event.data.fidelity });
      continue;
    }
    if (event.type === "steps_dropped" && event.data.callIds === undefined) {
      more.push(...event.data.steps.map((value) => ({ value, fidelity })));
    }
    break;
  }
  return { ok: true, value: step, fidelity, more, completion };
}

/**
 * The first events that today's code writes for a command, given what was recorded of the outside world. For a command
 * with effects: the events before the effects, or the events with their results. `undefined` if the recording lacks
 * those. Pure: no user code with effects runs.
 */
export async function makeEvents(
  decided: Command,
  thread: Thread,
  agent: Agent,
  { events, now }: { readonly events: readonly ThreadEvent[]; readonly now: number },
): Promise<readonly NewEvent[] | undefined> {
  const next = events[thread.state.seq];
  const check = recordedCheck(events.slice(thread.state.seq));
  const checked = await checkCommand(decided, thread, agent, { check });
  if ("problem" in checked) return [checked.problem];
  const { command } = checked;
  switch (command.type) {
    case "ask_model": {
      const answer = recordedAnswer(events, thread.state.seq);
      if (answer === undefined) return undefined;
      const said = next?.type === "step_proposed" ? next.data.said : undefined;
      const missed = next === undefined ? undefined : missedBy(next);
      return answerEvents(answer, agent, { seq: thread.state.seq + 1, said, missed });
    }
    case "request_approval": {
      const preview = hasPreview(agent, command.intent) ? recordedPreview(next) : undefined;
      const call = callOf(thread, command.callId);
      return [approvalRequest({ ...command, call }, thread, agent, { preview, now })];
    }
    case "run_tool":
      return [{ type: "tool_started", data: reserveTool(command.callId, thread) }];
    case "run_tools":
      return command.callIds.map((callId) => ({
        type: "tool_started",
        data: reserveTool(callId, thread),
      }));
    case "delegate": {
      // One that could not be requested was left for later; whether it could is part of the outside world.
      const requested = callIdsAt(events.slice(thread.state.seq), "child_requested");
      const callIds = command.callIds.filter((callId, index) => index === 0 || requested.has(callId));
      return firstEvents({ ...command, callIds }, thread, agent, { next, now });
    }
    // Their outcomes come from outside; if they were recorded, they have been taken already.
    case "prefetch":
    case "judge_step":
    case "wait":
      return undefined;
    default:
      return firstEvents(command, thread, agent, { next, now });
  }
}

/** The first events of a command whose effect asks nobody. */
async function firstEvents(
  command: Command,
  thread: Thread,
  agent: Agent,
  { next, now }: { readonly next: ThreadEvent | undefined; readonly now: number },
): Promise<readonly NewEvent[] | undefined> {
  // Whether the agent was known and the depth allowed is part of the outside world.
  const refused = next?.type === "step_refused" ? next.data.message : undefined;
  const context = {
    delegation: { refuse: () => refused, start: async () => undefined },
    clock: { now: () => now, sleep: neverSleep },
    signal: new AbortController().signal,
  };
  for await (const { events: made } of effectOf(command, thread, agent, context)) {
    return typeof made === "function" ? made(thread) : made;
  }
  return undefined;
}

/** The calls that the events at the beginning are about, as long as they are of this type. */
function callIdsAt(events: readonly ThreadEvent[], type: EventType): ReadonlySet<CallId | undefined> {
  const end = events.findIndex((event) => event.type !== type);
  return new Set(events.slice(0, end === -1 ? undefined : end).map(callIdOf));
}

/** A schema is asked again; the result of a `check` is taken from the events that follow in the recording. */
function recordedCheck(following: readonly ThreadEvent[]): Check {
  const [next] = following;
  const refused = next?.type === "step_refused" && next.data.reason === "invalid_arguments";
  const begins = next?.type === "tool_started" || next?.type === "child_requested" ? next.type : undefined;
  const started = begins === undefined ? new Set() : callIdsAt(following, begins);
  return async (definition, { step, callId }) => {
    const issues = await checkArguments(definition, step);
    if (issues !== undefined || definition.options.check === undefined) return issues;
    if (refused) return next.data.message;
    // One of several that were to run at once, and did not: it was refused.
    return begins !== undefined && !started.has(callId) ? "refused" : undefined;
  };
}

function callIdOf(event: ThreadEvent): CallId | undefined {
  return "callId" in event.data ? event.data.callId : undefined;
}

/** What a recorded answer says of input that the model had not read. */
export function missedBy({ type, data }: ThreadEvent): EventData["step_proposed"]["missed"] | undefined {
  return type === "step_proposed" || type === "step_refused" ? data.missed : undefined;
}

function hasPreview({ steps }: Agent, intent: string): boolean {
  const definition = steps.get(intent);
  return definition?.kind === "tool" && definition.options.preview !== undefined;
}

function recordedPreview(event: ThreadEvent | undefined): Json {
  return event?.type === "approval_requested" ? (event.data.card.preview ?? null) : null;
}

function neverSleep(): Promise<void> {
  return Promise.reject(new TwelvefoldError("unexpected_call", "a replay does not wait"));
}
