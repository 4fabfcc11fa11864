import type { Tone } from "../../present/describe-event.ts";
import { isOver } from "../../thread/projection.ts";
import type { StatusKind, ThreadState } from "../../thread/state.ts";

export const STATUS_WORDS: { readonly [K in StatusKind]: { readonly text: string; readonly tone: Tone } } = {
  running: { text: "Working", tone: "person" },
  awaiting_human: { text: "Needs an answer", tone: "wait" },
  awaiting_approval: { text: "Needs approval", tone: "wait" },
  awaiting_time: { text: "Sleeping", tone: "neutral" },
  awaiting_event: { text: "Waiting for an event", tone: "neutral" },
  awaiting_child: { text: "Waiting for an agent", tone: "neutral" },
  paused: { text: "Paused", tone: "wait" },
  finished: { text: "Finished", tone: "good" },
  failed: { text: "Failed", tone: "bad" },
  cancelled: { text: "Cancelled", tone: "bad" },
};

/** What a person can do to a thread in this state. */
export interface ThreadActions {
  readonly message: boolean;
  readonly pause: boolean;
  readonly resume: boolean;
  readonly cancel: boolean;
}

/** Pure; the same rules as the runtime's, so that no button leads to an error. */
export function actionsFor(state: ThreadState): ThreadActions {
  const { status } = state;
  const ended = status.kind === "finished" || status.kind === "failed" || status.kind === "cancelled";
  return {
    message: status.kind !== "cancelled",
    pause: !ended && status.kind !== "paused",
    resume: status.kind === "paused",
    cancel: !isOver(state),
  };
}
