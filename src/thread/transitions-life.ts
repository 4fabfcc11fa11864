import type { Json } from "../base/json.ts";
import { withEnd } from "./news.ts";
import { isOver } from "./projection.ts";
import { addRequester } from "./requesters.ts";
import {
  currentCall,
  NO_ERRORS,
  oneLine,
  require,
  requireOpen,
  requirePhase,
  requireRunning,
  type Transitions,
} from "./transition.ts";

export const life: Transitions<
  | "thread_started"
  | "paused"
  | "resumed"
  | "budget_reached"
  | "cancelled"
  | "finished"
  | "failed"
  | "parent_told"
  | "events_left_out"
  | "secret_revealed"
  | "data_erased"
> = {
  thread_started(state, event) {
    require(state.seq === 0, event, "a thread starts once");
    const { agent, version = null, parent, forkedFrom, requester = null, earlier = false } = event.data;
    const { depth = parent?.path?.length ?? 0 } = event.data;
    const { requesters: asked = state.requesters } = event.data;
    const by = forkedFrom?.by;
    const requesters = by === undefined ? asked : addRequester(asked, by);
    const fork = forkedFrom === undefined ? null : { seq: forkedFrom.seq, by: by ?? null };
    const start = {
      agent,
      version,
      isEarlier: earlier,
      depth,
      startedAt: event.at,
      requester: fork === null ? requester : fork.by,
      requesters,
      fork,
    };
    if (parent === undefined) return start;
    const { path = [], budgets = [] } = parent;
    return { ...start, parent: { ...parent, path, budgets } };
  },

  paused(state, event) {
    requireOpen(state, event);
    require(state.pausedBy === null, event, "the thread is paused already");
    const { by, reason } = event.data;
    return { pausedBy: reason === undefined ? { by } : { by, reason } };
  },

  resumed(state, event) {
    requireOpen(state, event);
    require(state.pausedBy !== null, event, "the thread is not paused");
    return { pausedBy: null };
  },

  budget_reached(state, event) {
    requireRunning(state, event);
    return { reachedBudget: event.data.budget };
  },

  cancelled(state, event) {
    if (isOver(state)) requireOpen(state, event);
    const { by, reason } = event.data;
    return {
      ended: reason === undefined ? { kind: "cancelled", by } : { kind: "cancelled", by, reason },
      news: withEnd(state, event),
      request: null,
      pausedBy: null,
    };
  },

  finished(state, event) {
    requireRunning(state, event);
    const { callId, result } = event.data;
    if (callId !== undefined)
      requirePhase(currentCall(state, event, callId), event, ["proposed", "judged", "approved"]);
    require(state.calls.every((call) => call.callId === callId), event, "another step is not settled yet");
    return {
      ended: { kind: "finished", result },
      news: withEnd(state, event),
      calls: [],
      ...NO_ERRORS,
      doubtfulRefusals: 0,
      title: oneLine(asText(result)),
    };
  },

  failed(state, event) {
    requireOpen(state, event);
    require(state.calls.every((call) => call.phase.kind !== "started"), event, "a tool is running");
    require(state.children.every((child) => child.background), event, "another agent works on a step");
    const ended = { kind: "failed", error: event.data.error } as const;
    return { ended, news: withEnd(state, event), calls: [], request: null, pausedBy: null };
  },

  parent_told(state, event) {
    require(state.parent !== null, event, "the thread has no parent");
    return { parentTold: true };
  },

  events_left_out(state, event) {
    require(state.ended?.kind !== "cancelled", event, "the thread was cancelled");
    const { seqs, by } = event.data;
    require(seqs.every((seq) => seq >= 2 && seq < event.seq), event, "only earlier events can be left out");
    const isOpen = state.calls.some(({ seq }) => seqs.includes(seq));
    require(!isOpen, event, "a step that is not settled stays");
    // Whoever decides what the agent does not know has a part in what it asks for.
    return { requesters: addRequester(state.requesters, by) };
  },

  secret_revealed() {
    return {};
  },

  data_erased(state, event) {
    require(event.data.seqs.every(
      (seq) => seq >= 2 && seq < event.seq,
    ), event, "only earlier events after the first can be erased");
    return state.request !== null || state.calls.length > 0 ? {} : { title: "" };
  },
};

function asText(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}
