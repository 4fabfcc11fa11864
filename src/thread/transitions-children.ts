import type { EventOf } from "./events.ts";
import { repeatsAfter } from "./repeats.ts";
import { addRequesters } from "./requesters.ts";
import type { OpenCall, OpenChild, ThreadState } from "./state.ts";
import {
  addUsage,
  type Change,
  callOfGroup,
  close,
  closeBadly,
  countError,
  countFailure,
  currentCall,
  require,
  requirePhase,
  requireRunning,
  type Transitions,
  withPhase,
} from "./transition.ts";
import { afterSuccess } from "./transitions-effects.ts";

type ChildEvent = "child_requested" | "child_started" | "child_finished" | "child_failed" | "passed_on";

/** Threads that work for this one. Their outcomes are recorded even when this thread has ended meanwhile. */
export const children: Transitions<ChildEvent> = {
  child_requested(state, event) {
    requireRunning(state, event);
    const { callId, threadId, agent, background = false } = event.data;
    const call = callOfGroup(state, event, callId);
    requirePhase(call, event, ["proposed", "judged", "approved"]);
    const { intent } = call.step;
    const open = [...state.children, { threadId, agent, callId, intent, background, heard: call.read }];
    return { children: open, ...withPhase(state, call, { kind: "child_requested", threadId }) };
  },

  child_started(state, event) {
    const { callId, threadId, agent } = event.data;
    const phase = { kind: "awaiting_child", threadId } as const;
    if (state.calls.some((call) => call.callId === callId && call.phase.kind === "proposed")) {
      // Release 0.1.0 recorded no request before the start.
      requireRunning(state, event);
      const call = currentCall(state, event, callId);
      const { intent } = call.step;
      const child = { threadId, agent, callId, intent, background: false, heard: call.read };
      return { children: [...state.children, child], ...withPhase(state, call, phase) };
    }
    const { child, call } = findChild(state, event);
    require(call !== undefined, event, "the call is settled");
    requirePhase(call, event, ["child_requested"]);
    if (!child.background) return withPhase(state, call, phase);
    const repeats = repeatsAfter(state, call, "started");
    return { ...close(state, call), doubtfulRefusals: 0, repeats };
  },

  child_finished(state, event) {
    const { child, call } = findChild(state, event);
    const change = { ...withoutChild(state, event, child), ...afterSuccess(state, child.intent) };
    if (call === undefined) return { ...change, ...reopenFor(child, state, event.seq) };
    const repeats = repeatsAfter(state, call, event.data.result);
    return { ...change, ...close(state, call), doubtfulRefusals: 0, repeats };
  },

  child_failed(state, event) {
    const { child, call } = findChild(state, event);
    const change = withoutChild(state, event, child);
    if (call === undefined)
      return { ...change, ...countFailure(state, child.intent), ...reopenFor(child, state, event.seq) };
    const repeats = repeatsAfter(state, call, event.data.error.message);
    return { ...change, ...closeBadly(state, call), ...countError(state, call), repeats };
  },

  passed_on(state, event) {
    const { threadId, upTo } = event.data;
    require(upTo < event.seq, event, "only earlier events are passed on");
    require(state.children.some(
      (child) => child.threadId === threadId,
    ), event, `${threadId} does not work for it`);
    const children = state.children.map((child) =>
      child.threadId === threadId ? { ...child, heard: Math.max(child.heard, upTo) } : child,
    );
    return { children };
  },
};

type Outcome = EventOf<"child_finished" | "child_failed">;

/** The child that an event is about, and its call if that is not settled. */
function findChild(
  state: ThreadState,
  event: Outcome | EventOf<"child_started">,
): { readonly child: OpenChild; readonly call: OpenCall | undefined } {
  const { threadId, callId } = event.data;
  const child = state.children.find((open) => open.threadId === threadId && open.callId === callId);
  require(child !== undefined, event, `no thread ${threadId} works on ${callId}`);
  const call = state.calls.find((open) => open.callId === callId);
  return { child, call };
}

/** Whoever has asked the child counts as having asked for what its outcome leads to. */
function withoutChild(
  state: ThreadState,
  { data: { spent, requesters: asked } }: Outcome,
  child: OpenChild,
): Change {
  const children = state.children.filter((open) => open !== child);
  const requesters = asked === undefined ? state.requesters : addRequesters(state.requesters, asked);
  if (spent === undefined) return { children, requesters };
  return {
    children,
    requesters,
    ...addUsage(state, Object.values(spent.models)),
    stepsSinceExtension: state.stepsSinceExtension + spent.steps,
    runningMs: state.runningMs + spent.runningMs,
  };
}

/** What was done in the background is new to a thread that has finished meanwhile: it goes on. */
function reopenFor({ background }: OpenChild, { ended }: ThreadState, seq: number): Change {
  return background && ended?.kind === "finished" ? { ended: null, interrupted: null, lastInput: seq } : {};
}
