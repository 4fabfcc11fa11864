import { isJsonObject, type Json } from "../base/json.ts";
import { viaAfter } from "./news.ts";
import { NO_REPEATS } from "./repeats.ts";
import { actsFor, addRequester, isRequestersInput, requesterAfter, requestersAfter } from "./requesters.ts";
import type { ThreadState } from "./state.ts";
import {
  addSpent,
  type Change,
  close,
  closeBadly,
  currentCall,
  expectCallId,
  FRESH_COUNTS,
  findCall,
  NO_ERRORS,
  oneLine,
  require,
  requireOpen,
  requirePhase,
  requireRunning,
  type Transitions,
  withPhase,
} from "./transition.ts";

/** New input: a finished or failed thread goes on. */
function reopen(state: ThreadState, seq: number): Change {
  const counts = { lastInput: seq, stop: null, stepsSinceExtension: 0, ...FRESH_COUNTS };
  return state.ended === null ? counts : { ...counts, ended: null, interrupted: null };
}

export const inputAndModel: Transitions<
  | "message_received"
  | "event_received"
  | "step_proposed"
  | "step_refused"
  | "steps_dropped"
  | "step_judged"
  | "prefetched"
  | "context_compacted"
> = {
  message_received(state, event) {
    require(state.ended?.kind !== "cancelled", event, "the thread was cancelled");
    const { from, text } = event.data;
    const requesters = addRequester(state.requesters, from);
    const via = viaAfter(state, event);
    const requester = actsFor(state, event.seq, from);
    const subject = state.subject === "" ? oneLine(text) : state.subject;
    const change = { requester, requesters, via, title: oneLine(text), subject };
    return { ...reopen(state, event.seq), ...change, lastSent: event.seq };
  },

  event_received(state, event) {
    require(state.ended?.kind !== "cancelled", event, "the thread was cancelled");
    const { callId, name, payload, ofParent: heard = state.heard } = event.data;
    const sent = {
      requesters: requestersAfter(state, event),
      requester: requesterAfter(state, event),
      lastSent: isRequestersInput(event) ? event.seq : state.lastSent,
      heard,
    };
    if (callId === undefined) {
      const title = state.title === "" ? oneLine(name) : state.title;
      const subject = state.subject === "" ? subjectOf(name, payload) : state.subject;
      return {
        ...reopen(state, event.seq),
        ...sent,
        via: viaAfter(state, event),
        title,
        subject,
      };
    }
    requireOpen(state, event);
    const call = findCall(state, event, callId);
    requirePhase(call, event, ["awaiting_event"]);
    const awaited = call.phase.kind === "awaiting_event" ? call.phase.name : "";
    require(awaited === name, event, `call ${callId} waits for ${awaited}`);
    return { ...close(state, call), ...sent, ...NO_ERRORS };
  },

  step_proposed(state, event) {
    requireRunning(state, event);
    expectCallId(event);
    const { callId, step, fidelity, completion, alongside, missed } = event.data;
    const before = state.calls.at(-1);
    const follows = completion === undefined && before?.seq === event.seq - 1;
    require(state.calls.length === 0 || follows, event, "another step is not settled yet");
    require(alongside === undefined || follows, event, "there is no step beside it");
    const neighbour = alongside === true ? before : undefined;
    const call = {
      callId,
      seq: event.seq,
      proposed: step,
      step,
      editedBy: null,
      requester:
        follows && before !== undefined
          ? before.requester
          : actsFor(state, event.seq, (missed ?? state).requester),
      approvedBy: [],
      approvedUnder: null,
      fidelity,
      // Steps of one completion have its words in common.
      said: event.data.said ?? (follows && before !== undefined ? before.said : null),
      group: neighbour?.group ?? callId,
      // Only the first step of a completion says it.
      missed: follows && before !== undefined ? before.missed : missed !== undefined,
      read: follows && before !== undefined ? before.read : (missed?.after ?? event.seq),
      phase: { kind: "proposed" },
    } as const;
    return {
      ...addSpent(state, completion),
      calls: [...state.calls, call],
      steps: state.steps + 1,
      stepsSinceExtension: state.stepsSinceExtension + 1,
    };
  },

  step_refused(state, event) {
    const { callId, completion, reason } = event.data;
    requireOpen(state, event);
    const counts = {
      doubtfulRefusals: state.doubtfulRefusals + (reason === "doubtful" ? 1 : 0),
      ...(reason === "repeated" ? { repeats: NO_REPEATS, repeatRefusals: state.repeatRefusals + 1 } : {}),
    };
    if (callId === undefined) {
      requireRunning(state, event);
      require(state.calls.length === 0, event, "a step is not settled yet");
      return {
        ...addSpent(state, completion),
        ...counts,
        consecutiveErrors: state.consecutiveErrors + 1,
        steps: state.steps + 1,
        stepsSinceExtension: state.stepsSinceExtension + 1,
      };
    }
    const call = currentCall(state, event, callId);
    requirePhase(call, event, ["proposed", "judged", "approved", "to_run_again"]);
    const alone = state.interrupted !== call.group;
    const consecutiveErrors = state.consecutiveErrors + (alone ? 1 : 0);
    return { ...closeBadly(state, call), ...counts, consecutiveErrors };
  },

  steps_dropped(state, event) {
    requireOpen(state, event);
    const dropped = event.data.callIds ?? [];
    for (const callId of dropped) requirePhase(findCall(state, event, callId), event, ["proposed", "judged"]);
    const calls = state.calls.filter((call) => !dropped.includes(call.callId));
    return { calls, interrupted: calls.length > 0 ? state.interrupted : null };
  },

  step_judged(state, event) {
    requireOpen(state, event);
    const { callId, verdict, reason } = event.data;
    const call = currentCall(state, event, callId);
    requirePhase(call, event, ["proposed", "judged"]);
    return withPhase(state, call, { kind: "judged", verdict: verdict, reason });
  },

  prefetched(state, event) {
    requireRunning(state, event);
    require(state.calls.length === 0, event, "a step is not settled yet");
    return { prefetched: { ...state.prefetched, [event.data.name]: event.seq } };
  },

  context_compacted(state, event) {
    requireOpen(state, event);
    const { from, to, method, completion } = event.data;
    require(from >= 1 &&
      from <= to &&
      to < event.seq, event, `${from} to ${to} is not a range of earlier events`);
    if (method !== "reset_errors") return addSpent(state, completion);
    requireRunning(state, event);
    require(state.calls.length === 0, event, "a step is not settled yet");
    require(state.consecutiveErrors > 0, event, "there are no errors in a row");
    require(!state.errorsReset, event, "the errors were reset before, and nothing has succeeded since");
    return {
      consecutiveErrors: 0,
      errorsReset: true,
      setAside: { ...state.failures, ...state.setAside },
      repeats: NO_REPEATS,
    };
  },
};

/** What an event is about: what it says of itself, or else its name. */
function subjectOf(name: string, payload: Json): string {
  const said = isJsonObject(payload) ? SUBJECTS.map((field) => payload[field]) : [payload];
  const subject = said.find((text) => typeof text === "string" && text.trim() !== "");
  return oneLine(typeof subject === "string" ? subject : name);
}

const SUBJECTS = ["subject", "title", "summary", "goal", "message", "text"] as const;
