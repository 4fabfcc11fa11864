import { ConflictError } from "../base/errors.ts";
import type { CallId } from "../base/ids.ts";
import { callIdAt } from "../base/ids.ts";
import type { EventData, EventOf, EventType, ThreadEvent } from "./events.ts";
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
export type Change = Partial<Omit<ThreadState, "seq" | "status" | "updatedAt" | "runningMs">>;
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
  const call = findCall(state, event, callId);
  require(call === state.calls[0], event, "an earlier step is not settled yet");
  require(!state.interrupted, event, "the step before it did not succeed");
  return call;
}

export function requirePhase(call: OpenCall, event: ThreadEvent, kinds: readonly CallPhase["kind"][]): void {
  require(kinds.includes(
    call.phase.kind,
  ), event, `call ${call.callId} is ${call.phase.kind}, expected ${kinds.join(" or ")}`);
}

export function withPhase(state: ThreadState, call: OpenCall, phase: CallPhase): Change {
  return { calls: state.calls.map((open) => (open === call ? { ...call, phase } : open)) };
}

export function withoutCall(state: ThreadState, call: OpenCall): readonly OpenCall[] {
  return state.calls.length === 1 && state.calls[0] === call
    ? []
    : state.calls.filter((open) => open !== call);
}

/** Closes a call that did not succeed: what waits behind it in the same completion must not run. */
export function closeBadly(state: ThreadState, call: OpenCall): Change {
  const calls = withoutCall(state, call);
  return { calls, interrupted: calls.length > 0 };
}

export function requireRequest(state: ThreadState, event: ThreadEvent, seq: number): PendingRequest {
  require(state.request !== null, event, "no request is pending");
  require(state.request.seq === seq, event, `request ${seq} is not the pending one (${state.request.seq})`);
  return state.request;
}

/** What any success sets back. */
export const NO_ERRORS = { consecutiveErrors: 0, errorsReset: false } as const satisfies Change;

/** What a look by a person, or new input, sets back: errors, failures and repetitions count anew. */
export const FRESH_COUNTS = {
  ...NO_ERRORS,
  failures: {},
  setAside: {},
  repeats: { key: "", count: 0 },
  repeatRefusals: 0,
} as const satisfies Change;

export function oneLine(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length <= 200 ? line : `${line.slice(0, 199).toWellFormed()}…`;
}

export function expectCallId(event: EventOf<"step_proposed">): void {
  require(event.data.callId === callIdAt(event.seq), event, `its call id must be ${callIdAt(event.seq)}`);
}

/** Applies the change and derives the status anew. */
export function apply(state: ThreadState, event: ThreadEvent, change: Change): ThreadState {
  const ran =
    state.status.kind === "running" && state.seq > 0 ? Date.parse(event.at) - Date.parse(state.updatedAt) : 0;
  const runningMs = state.runningMs + Math.max(0, ran);
  const next = { ...state, ...change, seq: event.seq, updatedAt: event.at, runningMs };
  next.status = statusOf(next);
  return next;
}

export type Transitions<T extends EventType> = { readonly [K in T]: Transition<K> };
export type { EventData };
