import { clipped, visible } from "../../present/text.ts";
import type { EventOf, HumanDecision } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";
import { nameOf } from "./person.ts";

export type AskingEvent = EventOf<"approval_requested"> | EventOf<"human_asked">;

/** One thing that happened to a request after it was asked. */
export interface RequestMoment {
  readonly at: string;
  readonly text: string;
}

/** A request whatever became of it. */
export interface RequestHistory {
  readonly asked: AskingEvent;
  readonly state: "pending" | "answered" | "expired" | "withdrawn";
  readonly moments: readonly RequestMoment[];
  /** Sequence number of the request that is pending instead, if any. */
  readonly pendingInstead: number | null;
}

/** What became of the request asked at `seq`; `null` where that event asks nothing. Pure. */
export function requestHistory(thread: Thread, seq: number): RequestHistory | null {
  const asked = thread.events[seq - 1];
  if (asked?.type !== "approval_requested" && asked?.type !== "human_asked") return null;
  const pending = thread.state.request;
  const moments: RequestMoment[] = [];
  let state: RequestHistory["state"] = pending?.seq === seq ? "pending" : "withdrawn";
  for (const event of thread.events.slice(seq)) {
    if (event.type === "human_responded" && event.data.request === seq) {
      moments.push({
        at: event.at,
        text: `${nameOf(event.data.by)} ${decisionInWords(event.data.decision)}`,
      });
      if (state !== "pending") state = "answered";
    } else if (event.type === "request_expired" && event.data.request === seq) {
      const then = event.data.outcome === "deny" ? "which counts as a denial" : "and was asked again";
      moments.push({ at: event.at, text: `It expired, ${then}.` });
      state = "expired";
    } else if (event.type === "request_escalated" && event.data.request === seq) {
      moments.push({ at: event.at, text: `Also sent to ${event.data.to.map(visible).join(", ")}.` });
    } else if (state === "withdrawn" && event.type === "cancelled") {
      moments.push({ at: event.at, text: `${nameOf(event.data.by)} cancelled the thread.` });
    }
  }
  const pendingInstead = pending === null || pending.seq === seq ? null : pending.seq;
  return { asked, state, moments, pendingInstead };
}

/** A decision as the end of a sentence that starts with a name. */
export function decisionInWords(decision: HumanDecision): string {
  switch (decision.kind) {
    case "approved":
      return decision.editedStep === undefined ? "approved." : "approved it with changed arguments.";
    case "denied":
      return decision.feedback === "" ? "denied." : `denied: “${quoted(decision.feedback)}”`;
    case "answered":
      return `answered: “${quoted(decision.text)}”`;
    case "happened":
      return "confirmed that it happened.";
    case "did_not_happen":
      return "confirmed that it did not happen.";
    default:
      return decision satisfies never;
  }
}

function quoted(text: string): string {
  return clipped(visible(text), 500);
}
