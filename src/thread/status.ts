import type { OpenCall, Status, ThreadState } from "./state.ts";

/** The one place where a status comes from. */
export function statusOf(state: Omit<ThreadState, "status">): Status {
  if (state.ended !== null) return state.ended;
  if (state.pausedBy !== null) return { kind: "paused", ...state.pausedBy };
  if (state.request !== null) {
    return state.request.type === "approval"
      ? { kind: "awaiting_approval", request: state.request }
      : { kind: "awaiting_human", request: state.request };
  }
  const call = state.calls[0];
  return call === undefined ? { kind: "running" } : statusOfCall(call);
}

function statusOfCall(call: OpenCall): Status {
  const { callId, phase } = call;
  switch (phase.kind) {
    case "sleeping":
      return { kind: "awaiting_time", callId, until: phase.until };
    case "awaiting_event":
      return phase.until === undefined
        ? { kind: "awaiting_event", callId, name: phase.name }
        : { kind: "awaiting_event", callId, name: phase.name, until: phase.until };
    case "awaiting_child":
      return { kind: "awaiting_child", callId, threadId: phase.threadId };
    case "proposed":
    case "judged":
    case "awaiting_approval":
    case "approved":
    case "started":
    case "unknown":
    case "to_run_again":
    case "child_requested":
    case "awaiting_answer":
      return { kind: "running" };
    default:
      return phase satisfies never;
  }
}
