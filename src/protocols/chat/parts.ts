import type { Agent } from "../../agent/agent.ts";
import type { CallId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { visible } from "../../present/visible-text.ts";
import type { EventOf, Step, ThreadEvent } from "../../thread/events.ts";

/** What a chat shows of a thread's events, whatever the protocol. */
export type ChatPart =
  | { readonly kind: "call"; readonly callId: CallId; readonly name: string; readonly input: JsonObject }
  | { readonly kind: "result"; readonly callId: CallId; readonly output: Json }
  | { readonly kind: "error"; readonly callId: CallId; readonly text: string }
  | { readonly kind: "denied"; readonly callId: CallId; readonly text: string }
  | { readonly kind: "text"; readonly id: string; readonly text: string }
  | { readonly kind: "progress"; readonly text: string };

/** Steps that are words to the person rather than calls. */
export const WORDS: ReadonlySet<string | undefined> = new Set(["finish", "nothing", "ask_human", "progress"]);

/** The id of what a step says: the same while it is written and afterwards. */
export function textIdOf(callId: CallId): string {
  return `msg_${callId.slice("call_".length)}`;
}

/** The parts that an event adds. `earlier` are the thread's events up to it. Pure. */
export function chatParts(
  event: ThreadEvent,
  earlier: readonly ThreadEvent[],
  agent: Agent | undefined,
): readonly ChatPart[] {
  const stepOf = (callId: CallId): Step | undefined => {
    const proposed = earlier[Number(callId.slice("call_".length)) - 1];
    return proposed?.type === "step_proposed" ? proposed.data.step : undefined;
  };
  const isCall = (callId: CallId) => {
    const step = stepOf(callId);
    return step !== undefined && !WORDS.has(agent?.steps.get(step.intent)?.kind);
  };
  return partsOf(event, earlier).filter((part) => !("callId" in part) || isCall(part.callId));
}

function partsOf(event: ThreadEvent, earlier: readonly ThreadEvent[]): readonly ChatPart[] {
  switch (event.type) {
    case "step_proposed": {
      const { callId, step } = event.data;
      const { intent: name, ...input } = step;
      return [{ kind: "call", callId, name, input }];
    }
    case "tool_finished":
    case "child_finished":
      return [{ kind: "result", callId: event.data.callId, output: event.data.result }];
    case "event_received": {
      const { callId, payload } = event.data;
      return callId === undefined ? [] : [{ kind: "result", callId, output: payload }];
    }
    case "woke": {
      const { callId, timedOut } = event.data;
      return [{ kind: "result", callId, output: timedOut ? "waited without result" : "over" }];
    }
    case "tool_failed":
    case "child_failed":
      return [{ kind: "error", callId: event.data.callId, text: event.data.error.message }];
    case "step_refused": {
      const { callId, message } = event.data;
      return callId === undefined ? [] : [{ kind: "error", callId, text: message }];
    }
    case "steps_dropped": {
      const { callIds = [], reason } = event.data;
      return callIds.map((callId) => ({ kind: "error", callId, text: reason }));
    }
    case "human_responded": {
      const { callId, decision } = event.data;
      if (callId === undefined) return [];
      if (decision.kind === "denied") return [{ kind: "denied", callId, text: decision.feedback }];
      return decision.kind === "happened" ? [{ kind: "result", callId, output: decision.result }] : [];
    }
    case "request_expired": {
      const asked = event.data.outcome === "deny" ? earlier[event.data.request - 1] : undefined;
      const callId = asked?.type === "approval_requested" ? asked.data.callId : undefined;
      return callId === undefined ? [] : [{ kind: "denied", callId, text: "nobody decided in time" }];
    }
    case "human_asked":
      return [{ kind: "text", id: textIdIn(event), text: visible(event.data.question) }];
    case "notified":
      return event.data.text === undefined ? [] : [{ kind: "progress", text: event.data.text }];
    case "finished": {
      const { result } = event.data;
      const text = typeof result === "string" ? result : JSON.stringify(result);
      return [{ kind: "text", id: textIdIn(event), text }];
    }
    default:
      return [];
  }
}

function textIdIn({ seq, data }: EventOf<"human_asked"> | EventOf<"finished">): string {
  return data.callId === undefined ? `msg_${seq}` : textIdOf(data.callId);
}
