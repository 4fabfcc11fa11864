import type { Json } from "../../base/json.ts";
import { visible } from "../../present/visible-text.ts";
import type { ErrorInfo } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";
import type { AskingEvent } from "./request-history.ts";

/** What has become of a decision so far. */
export type DecisionOutcome =
  | { readonly kind: "working" }
  | { readonly kind: "result"; readonly result: Json }
  | { readonly kind: "error"; readonly error: ErrorInfo }
  | { readonly kind: "trouble"; readonly text: string };

/** The outcome of the call that was decided on; `null` if the decision lets nothing run. Pure. */
export function outcomeOf({ events, state }: Thread, asked: AskingEvent): DecisionOutcome | null {
  const { callId } = asked.data;
  if (callId === undefined) return null;
  const later = events.slice(asked.seq);
  const answer = later.find((event) => event.type === "human_responded" && event.data.request === asked.seq);
  if (answer?.type !== "human_responded") return null;
  const { kind } = answer.data.decision;
  if (kind === "denied" || kind === "answered") return null;
  for (const event of later) {
    if (!("callId" in event.data) || event.data.callId !== callId) continue;
    switch (event.type) {
      case "tool_finished":
      case "child_finished":
      case "finished":
        return { kind: "result", result: event.data.result };
      case "event_received":
        return { kind: "result", result: event.data.payload };
      case "tool_failed":
      case "child_failed":
        return { kind: "error", error: event.data.error };
      case "tool_unknown":
        return { kind: "trouble", text: visible(event.data.reason) };
      case "step_refused":
        return { kind: "trouble", text: visible(event.data.message) };
      default:
    }
  }
  return state.calls.some((call) => call.callId === callId) && state.request === null
    ? { kind: "working" }
    : null;
}
