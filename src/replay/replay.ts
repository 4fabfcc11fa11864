import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import { TwelvefoldError } from "../base/errors.ts";
import { canonicalJson, type Json, toJson } from "../base/json.ts";
import type { Command } from "../loop/command.ts";
import { decide } from "../loop/decide.ts";
import type { EventOf, NewEvent, ThreadEvent } from "../thread/events.ts";
import { statusOf } from "../thread/status.ts";
import { extendThread, type Thread, threadOf } from "../thread/thread.ts";
import { asRecorded } from "./as-recorded.ts";
import { makeEvents, missedBy } from "./replay-recording.ts";

/** The longest plausible time, in ms, between deciding and writing in a recording. */
const MAX_LAG_MS = 60_000;

/**
 * Rebuilds a thread from its own recording. Everything that came from outside (people, time, outcomes of tools and
 * judges, the model's steps, the result of a `check`) is fed in at its place and time; everything else is decided and
 * written anew by today's code. No model, tool or preview runs. The events that a fork started with are taken
 * unchanged.
 *
 * Throws a `TwelvefoldError` (`replay_mismatch`) that names the first event that today's code would write differently
 * or not at all: the agent's steps, policies or limits, or the engine, have changed since.
 *
 * @example
 * const rebuilt = await replayThread(await runtime.get(threadId), calculator);
 */
export async function replayThread(recording: Pick<Thread, "id" | "events">, agent: Agent): Promise<Thread> {
  const { id, events } = recording;
  // Which version was deployed when is a fact, as recorded.
  const known: Agent = { ...agent, onVersionChange: "float" };
  let thread = threadOf(id, events.slice(0, startOf(events)));
  for (;;) {
    const next = events[thread.state.seq];
    if (next === undefined) return thread;
    const command = isAnswer(next) ? decidedBefore(thread, next, known) : decide(thread, known);
    if (comesFromOutside(next, command)) thread = takeIn(thread, next);
    else thread = await performRecorded(thread, command, events, agent);
  }
}

/** How many of the first events are taken unchanged. */
function startOf([first]: readonly ThreadEvent[]): number {
  return first?.type === "thread_started" ? (first.data.forkedFrom?.seq ?? 1) : 0;
}

/** Performs the command on recorded outcomes. The events that it writes must be the recorded ones. */
async function performRecorded(
  thread: Thread,
  command: Command,
  events: readonly ThreadEvent[],
  agent: Agent,
): Promise<Thread> {
  const next = events[thread.state.seq];
  if (next === undefined) return thread;
  const at = Date.parse(next.at);
  const first = (await makeEvents(command, thread, agent, { events, now: at })) ?? [];
  const lag = lagOf(next, first[0]);
  const made =
    lag === 0 ? first : ((await makeEvents(command, thread, agent, { events, now: at - lag })) ?? []);
  if (made.length === 0) throw mismatch(thread, next, undefined);
  let now = thread;
  for (const event of made) {
    const expected = events[now.state.seq];
    // The recording ends in the middle of events that were written together.
    if (expected === undefined) return now;
    now = appendMade(now, expected, asRecorded(event, expected, now, agent), agent);
  }
  return now;
}

/** Times are computed when a step begins, but events are dated when they are written, a moment later. */
function lagOf(recorded: ThreadEvent, made: NewEvent | undefined): number {
  const before = timeIn(recorded);
  const now = made === undefined ? undefined : timeIn(made);
  if (before === undefined || now === undefined) return 0;
  const lag = Date.parse(now) - Date.parse(before);
  return lag > 0 && lag <= MAX_LAG_MS ? lag : 0;
}

function timeIn(event: NewEvent | ThreadEvent): string | undefined {
  if (event.type === "sleep_started" || event.type === "event_awaited") return event.data.until;
  return event.type === "approval_requested" ? event.data.expiresAt : undefined;
}

/** The thread with an event from outside, as it was recorded. */
function takeIn(thread: Thread, recorded: ThreadEvent): Thread {
  try {
    return extendThread(thread, [recorded]);
  } catch (error) {
    throw mismatch(thread, recorded, recorded, error);
  }
}

/** The thread with a newly made event, which must equal the recorded one once it is stored. */
function appendMade(thread: Thread, recorded: ThreadEvent, made: NewEvent, agent: Agent): Thread {
  let now: Thread;
  try {
    now = appendToThread(thread, [made], { agent, now: Date.parse(recorded.at) });
  } catch (error) {
    throw mismatch(thread, recorded, made, error);
  }
  const last = now.events.at(-1);
  if (last === undefined || textOf(last) !== textOf(recorded)) throw mismatch(thread, recorded, made);
  return now;
}

/**
 * Facts that no code decides. Outcomes of tools, judges and providers count only if today's code has asked for them.
 */
function comesFromOutside(event: ThreadEvent, command: Command): boolean {
  switch (event.type) {
    case "message_received":
    case "event_received":
    case "human_responded":
    case "request_escalated":
    case "request_expired":
    case "woke":
    case "paused":
    case "resumed":
    case "cancelled":
    case "events_left_out":
    case "secret_revealed":
    case "data_erased":
    case "prefetched":
    case "child_started":
    case "child_finished":
    case "child_failed":
    case "passed_on":
    case "parent_told":
    case "tool_finished":
    case "tool_failed":
    case "tool_unknown":
      return true;
    case "context_compacted":
      // Ranges and texts depend on the view; that errors are reset at this point is a decision.
      return event.data.method !== "reset_errors" || command.type === "reset_errors";
    case "notified":
      return event.data.request !== undefined || event.data.about !== undefined;
    case "event_awaited":
      // A long-running job, as its tool returned it.
      return event.data.tokenDigest !== undefined;
    case "step_judged":
      return command.type === "judge_step" && command.callId === event.data.callId;
    case "human_asked":
      return (
        event.data.kind === "version" || (event.data.kind === "provider" && command.type === "ask_model")
      );
    case "step_refused":
      return askedTheModelFirst(event, command);
    case "thread_started":
    case "step_proposed":
    case "steps_dropped":
    case "approval_requested":
    case "tool_started":
    case "sleep_started":
    case "child_requested":
    case "budget_reached":
    case "finished":
    case "failed":
      return false;
    default:
      return event satisfies never;
  }
}

/** Release 0.1.0 asked the model about a doubtful step even if a person had to approve it anyway. */
function askedTheModelFirst({ data }: EventOf<"step_refused">, command: Command): boolean {
  return (
    data.reason === "doubtful" &&
    command.type === "request_approval" &&
    command.callId === data.callId &&
    command.reasons.some(({ kind }) => kind === "doubtful")
  );
}

function isAnswer(event: ThreadEvent): boolean {
  return event.type === "step_proposed" || (event.type === "step_refused" && event.data.callId === undefined);
}

/**
 * What was decided before an answer: it may come after a pause, and after input that the model had not read, for which
 * something else may have to be fetched first.
 */
function decidedBefore(thread: Thread, answer: ThreadEvent, agent: Agent): Command {
  const command = decide(withoutPauses(thread), agent);
  return command.type === "prefetch" && missedBy(answer) !== undefined ? { type: "ask_model" } : command;
}

function withoutPauses(thread: Thread): Thread {
  const state = { ...thread.state, pausedBy: null };
  return { ...thread, state: { ...state, status: statusOf(state) } };
}

function textOf(event: ThreadEvent): string {
  return canonicalJson(toJson(event));
}

function mismatch(
  thread: Thread,
  recorded: ThreadEvent,
  made: NewEvent | undefined,
  cause?: unknown,
): TwelvefoldError {
  const now: Json = made === undefined ? "nothing" : toJson(made);
  const what = `${canonicalJson(toJson({ type: recorded.type, data: recorded.data }))}, now ${canonicalJson(now)}`;
  return new TwelvefoldError(
    "replay_mismatch",
    `thread ${thread.id}, event ${recorded.seq} (${recorded.type}): recorded ${what}`,
    {
      cause,
      details: { threadId: thread.id, seq: recorded.seq, made: now },
    },
  );
}
