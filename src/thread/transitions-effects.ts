import { dropUndefined } from "../base/json.ts";
import { repeatsAfter } from "./repeats.ts";
import type { OpenCall, ThreadState } from "./state.ts";
import {
  type Change,
  callOfGroup,
  close,
  closeBadly,
  countError,
  currentCall,
  findCall,
  NO_ERRORS,
  require,
  requireOpen,
  requirePhase,
  requireRunning,
  type Transitions,
  withPhase,
} from "./transition.ts";

function onSuccess(state: ThreadState, call: OpenCall): Change {
  return { ...close(state, call), doubtfulRefusals: 0, ...afterSuccess(state, call.step.intent) };
}

/** The counts after a success of this intent. */
export function afterSuccess(state: ThreadState, intent: string): Change {
  const { [intent]: _, ...failures } = state.failures;
  const { [intent]: __, ...setAside } = state.setAside;
  return { ...NO_ERRORS, failures, setAside };
}

/**
 * An outcome settles a call also after it was given up as unknown: its process was only slow. Then nobody need be asked.
 */
const SETTLES = ["started", "unknown", "to_run_again"] as const;

function withoutQuestion({ request }: ThreadState, { callId }: OpenCall): Change {
  const asks =
    request?.type === "question" && request.kind === "unknown_outcome" && request.callId === callId;
  return asks ? { request: null } : {};
}

/** Outcomes of started tools are recorded even when the thread was cancelled meanwhile: they happened. */
export const effects: Transitions<
  | "tool_started"
  | "tool_finished"
  | "tool_failed"
  | "tool_unknown"
  | "sleep_started"
  | "event_awaited"
  | "woke"
> = {
  tool_started(state, event) {
    requireRunning(state, event);
    require(state.pausedBy === null, event, "the thread is paused");
    const { callId, key, attempt } = event.data;
    const call = callOfGroup(state, event, callId);
    requirePhase(call, event, ["proposed", "judged", "approved", "started", "to_run_again"]);
    const before = call.phase.kind === "started" || call.phase.kind === "to_run_again" ? call.phase : null;
    require(before === null || before.key === key, event, "a call keeps its key");
    require(attempt === (before?.attempt ?? 0) + 1, event, `this is attempt ${(before?.attempt ?? 0) + 1}`);
    return withPhase(state, call, { kind: "started", key, attempt });
  },

  tool_finished(state, event) {
    const call = findCall(state, event, event.data.callId);
    requirePhase(call, event, SETTLES);
    return {
      ...onSuccess(state, call),
      ...withoutQuestion(state, call),
      repeats: repeatsAfter(state, call, event.data.result),
    };
  },

  tool_failed(state, event) {
    const call = findCall(state, event, event.data.callId);
    // A long-running job that the tool has begun may fail as well.
    const isJob = call.phase.kind === "awaiting_event" && call.phase.tokenDigest !== undefined;
    if (!isJob) requirePhase(call, event, SETTLES);
    return {
      ...closeBadly(state, call),
      ...withoutQuestion(state, call),
      ...countError(state, call),
      repeats: repeatsAfter(state, call, event.data.error.message),
    };
  },

  tool_unknown(state, event) {
    const call = findCall(state, event, event.data.callId);
    const { phase } = call;
    require(phase.kind === "started", event, `call ${call.callId} is ${phase.kind}`);
    return withPhase(state, call, { kind: "unknown", key: phase.key, attempt: phase.attempt });
  },

  sleep_started(state, event) {
    requireRunning(state, event);
    const call = currentCall(state, event, event.data.callId);
    requirePhase(call, event, ["proposed", "judged", "approved"]);
    return withPhase(state, call, { kind: "sleeping", until: event.data.until });
  },

  event_awaited(state, event) {
    requireRunning(state, event);
    const { callId, name, until, tokenDigest } = event.data;
    const call = callOfGroup(state, event, callId);
    // From `started`: a tool that has begun a long-running job settles by its result.
    requirePhase(call, event, ["proposed", "judged", "approved", "started"]);
    return withPhase(state, call, {
      kind: "awaiting_event",
      name,
      ...dropUndefined({ until, tokenDigest }),
    });
  },

  woke(state, event) {
    requireOpen(state, event);
    const call = findCall(state, event, event.data.callId);
    requirePhase(call, event, ["sleeping", "awaiting_event"]);
    return onSuccess(state, call);
  },
};
