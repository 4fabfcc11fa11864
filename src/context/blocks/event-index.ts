import type { CallId } from "../../base/ids.ts";
import type { Step, ThreadEvent } from "../../thread/events.ts";
import type { EarlierEvents } from "./view.ts";

/** `EarlierEvents`, filled event by event. */
export interface EventIndex extends EarlierEvents {
  add(event: ThreadEvent): void;
}

export function createEventIndex(): EventIndex {
  const steps = new Map<CallId, Step>();
  const requests = new Map<number, NonNullable<ReturnType<EarlierEvents["requestAt"]>>>();
  return {
    stepOf: (callId) => steps.get(callId),
    requestAt: (seq) => requests.get(seq),
    add(event) {
      if (event.type === "step_proposed") steps.set(event.data.callId, event.data.step);
      else if (event.type === "approval_requested") {
        requests.set(event.seq, { kind: "approval", question: event.data.card.title });
      } else if (event.type === "human_asked") {
        requests.set(event.seq, { kind: event.data.kind, question: event.data.question });
      }
    },
  };
}
