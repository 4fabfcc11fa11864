import type { CompletionRecord, Usage } from "../base/completion.ts";
import { ConflictError } from "../base/errors.ts";
import type { CallId } from "../base/ids.ts";
import { callIdAt } from "../base/ids.ts";
import type { EventData, EventOf, EventType, ThreadEvent } from "./events.ts";
import { NO_REPEATS } from "./repeats.ts";
import type { CallPhase, OpenCall, PendingRequest, ThreadState } from "./state.ts";
import { statusOf } from "./status.ts";

/** Thrown when an event does not fit the thread's state. Nothing was changed. */
export class IllegalEventError extends ConflictError {
  constructor(event: { readonly type: EventType; readonly seq?: number }, why: string) {
    super("illegal_event", `event ${event.type} does not fit here: ${why}`, {
      details: { type: event.type, seq: event.seq },
    });
  }
}

/** A handler's result: the fields that change. */
export type Change = Partial<Omit<ThreadState, "seq" | "status" | "updatedAt">>;
export type Transition<T extends EventType> = (state: ThreadState, event: EventOf<T>) => Change;

export function require(condition: boolean, event: ThreadEvent, why: string): asserts condition {
  if (!condition) throw new IllegalEventError(event, why);
}

/** Nothing but bookkeeping may follow a cancellation, and the end of the model's turn needs a running thread. */
export function requireOpen(state: ThreadState, event: ThreadEvent): void {
  require(state.ended === null, event, `the thread has ended (${state.status.kind})`);
}

export function requireRunning(state: ThreadState, event: ThreadEvent): void {
  requireOpen(state, event);
  require(state.request === null, event, "a request to people is pending");
  require(state.stop === null, event, "a person said to stop");
}

export function findCall(state: ThreadState, event: ThreadEvent, callId: CallId): OpenCall {
  const call = state.calls.find((open) => open.callId === callId);
  require(call !== undefined, event, `there is no open call ${callId}`);
  return call;
}

/** The one call that something may be done about: the first, unless the one before it ended badly. */
export function currentCall(state: ThreadState, event: ThreadEvent, callId: CallId): OpenCall {
  const call = callOfGroup(state, event, callId);
  require(call === state.calls[0], event, "an earlier step is not settled yet");
  return call;
}

/** A call that may run now: the first, or one of the first's group whose earlier calls run already. */
export function callOfGroup(state: ThreadState, event: ThreadEvent, callId: CallId): OpenCall {
  const call = findCall(state, event, callId);
  const before = state.calls.slice(0, state.calls.indexOf(call));
  const atWork = before.every(({ group, phase }) => group === call.group && AT_WORK.has(phase.kind));
  require(atWork, event, "an earlier step is not settled yet");
  const stopped = state.interrupted !== null && state.interrupted !== call.group;
  require(!stopped, event, "the step before it did not succeed");
  return call;
}

const AT_WORK: ReadonlySet<CallPhase["kind"]> = new Set([
  "started",
  "awaiting_event",
  "child_requested",
  "awaiting_child",
]);

export function requirePhase(call: OpenCall, event: ThreadEvent, kinds: readonly CallPhase["kind"][]): void {
  require(kinds.includes(
    call.phase.kind,
  ), event, `call ${call.callId} is ${call.phase.kind}, expected ${kinds.join(" or ")}`);
}

export function withPhase(state: ThreadState, call: OpenCall, phase: CallPhase): Change {
  return { calls: state.calls.map((open) => (open === call ? { ...call, phase } : open)) };
}

/** Closes a call. */
export function close({ calls, interrupted }: ThreadState, call: OpenCall): Change {
  if (calls.length === 1 && calls[0] === call) return { calls: [], interrupted: null };
  return { calls: calls.filter((open) => open !== call), interrupted };
}

/** Closes a call that did not succeed: what waits behind it in the same completion must not run. */
export function closeBadly(state: ThreadState, call: OpenCall): Change {
  return close({ ...state, interrupted: state.interrupted ?? call.group }, call);
}

/** One more error in a row. Those of calls that ran at the same time count as one: the model knew of none of them. */
export function countError(state: ThreadState, call: OpenCall): Change {
  return state.interrupted === call.group ? {} : countFailure(state, call.step.intent);
}

/** The counts after a failure of this intent. */
export function countFailure(state: ThreadState, intent: string): Change {
  return {
    consecutiveErrors: state.consecutiveErrors + 1,
    failures: { ...state.failures, [intent]: (state.failures[intent] ?? 0) + 1 },
  };
}

export function requireRequest(state: ThreadState, event: ThreadEvent, seq: number): PendingRequest {
  require(state.request !== null, event, "no request is pending");
  require(state.request.seq === seq, event, `request ${seq} is not the pending one (${state.request.seq})`);
  return state.request;
}

/** The state's counts with the model calls of other threads, or of one completion. */
export function addUsage(state: ThreadState, used: readonly (Usage & { readonly calls: number })[]): Change {
  let { modelCalls } = state;
  let { inputTokens, outputTokens, cachedInputTokens } = state.usage;
  for (const one of used) {
    modelCalls += one.calls;
    inputTokens += one.inputTokens;
    outputTokens += one.outputTokens;
    cachedInputTokens += one.cachedInputTokens;
  }
  return { modelCalls, usage: { inputTokens, outputTokens, cachedInputTokens } };
}

/** What any success sets back. */
export const NO_ERRORS = { consecutiveErrors: 0, errorsReset: false } as const satisfies Change;

/** What a look by a person, or new input, sets back: errors, failures and repetitions count anew. */
export const FRESH_COUNTS = {
  ...NO_ERRORS,
  failures: {},
  setAside: {},
  repeats: NO_REPEATS,
  repeatRefusals: 0,
} as const satisfies Change;

export function oneLine(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length <= 200 ? line : `${line.slice(0, 199).toWellFormed()}…`;
}

const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };

export function addSpent(state: ThreadState, completion: CompletionRecord | undefined): Change {
  if (completion === undefined) return {};
  return addUsage(state, [{ ...(completion.usage ?? NO_USAGE), calls: 1 }]);
}

/** The state after model calls of code beside the loop. */
export function addHelperCalls(state: ThreadState, { data }: ThreadEvent): ThreadState {
  const completions = "completions" in data ? (data.completions ?? []) : [];
  let now = state;
  for (const completion of completions) now = { ...now, ...addSpent(now, completion) };
  return now;
}

export function expectCallId(event: EventOf<"step_proposed">): void {
  require(event.data.callId === callIdAt(event.seq), event, `its call id must be ${callIdAt(event.seq)}`);
}

/** Applies the change and derives the status anew. */
export function apply(state: ThreadState, event: ThreadEvent, change: Change): ThreadState {
  const ran =
    state.status.kind === "running" && state.seq > 0 ? Date.parse(event.at) - Date.parse(state.updatedAt) : 0;
  const runningMs = (change.runningMs ?? state.runningMs) + Math.max(0, ran);
  const next = { ...state, ...change, seq: event.seq, updatedAt: event.at, runningMs };
  next.status = statusOf(next);
  return next;
}

export type Transitions<T extends EventType> = { readonly [K in T]: Transition<K> };
export type { EventData };
