import type { JsonObject } from "../../base/json.ts";
import { describeDecision, describeLapse, editedFields, wordsOf } from "../../present/describe-event.ts";
import { nameOf } from "../../present/people.ts";
import { clip, visible } from "../../present/visible-text.ts";
import type { EventOf } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";

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
  /** The arguments as an approver has changed them; `null`: nobody has. */
  readonly edited: JsonObject | null;
  /** Sequence number of the request that is pending instead, if any. */
  readonly pendingInstead: number | null;
}

/** The outcome of the request asked at `seq`; `null` if that event asks nothing. Pure. */
export function requestHistory(thread: Thread, seq: number): RequestHistory | null {
  const asked = thread.events[seq - 1];
  if (asked?.type !== "approval_requested" && asked?.type !== "human_asked") return null;
  const pending = thread.state.request;
  const moments: RequestMoment[] = [];
  let edited: JsonObject | null = null;
  let state: RequestHistory["state"] = pending?.seq === seq ? "pending" : "withdrawn";
  for (const event of thread.events.slice(seq)) {
    if (event.type === "human_responded" && event.data.request === seq) {
      moments.push({ at: event.at, text: responseText(event) });
      edited = editedFields(event.data.decision) ?? edited;
      if (state !== "pending") state = "answered";
    } else if (event.type === "request_expired" && event.data.request === seq && event.data.because) {
      moments.push({ at: event.at, text: `${describeLapse(event.data.because)}: it is asked again.` });
    } else if (event.type === "request_expired" && event.data.request === seq) {
      const then = event.data.outcome === "deny" ? "which counts as a denial" : "and was asked again";
      moments.push({ at: event.at, text: `It expired, ${then}.` });
      state = "expired";
    } else if (event.type === "request_escalated" && event.data.request === seq) {
      moments.push({ at: event.at, text: `Also sent to ${event.data.to.map(visible).join(", ")}.` });
    } else if (state === "withdrawn" && event.type === "cancelled") {
      const { by, reason } = event.data;
      const why = reason === undefined ? "." : `: ${clip(reason, 500)}`;
      moments.push({ at: event.at, text: `${nameOf(by)} cancelled the thread${why}` });
    }
  }
  const pendingInstead = pending === null || pending.seq === seq ? null : pending.seq;
  return { asked, state, moments, edited, pendingInstead };
}

function responseText({ data: { by, decision } }: EventOf<"human_responded">): string {
  const words = wordsOf(decision);
  const said = words === undefined ? "." : `: “${clip(words, 500)}”`;
  return `${nameOf(by)} ${describeDecision(decision)}${said}`;
}
