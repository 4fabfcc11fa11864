import type { CallId } from "../../base/ids.ts";
import type { Step, ThreadEvent } from "../../thread/events.ts";
import type { EarlierEvents } from "./view.ts";

/** `EarlierEvents`, filled event by event. */
export interface EventIndex extends EarlierEvents {
  add(event: ThreadEvent): void;
}

export function createEventIndex(): EventIndex {
  const steps = new Map<CallId, Step>();
  /** How often each intent was proposed, and which intents stand several times in one group of neighbours. */
  const times = new Map<string, number>();
  const beside = new Set<CallId>();
  let group: CallId[] = [];
  const requests = new Map<number, NonNullable<ReturnType<EarlierEvents["requestAt"]>>>();
  return {
    stepOf: (callId) => steps.get(callId),
    isAmbiguous: (callId, inBackground) =>
      inBackground ? (times.get(steps.get(callId)?.intent ?? "") ?? 0) > 1 : beside.has(callId),
    requestAt: (seq) => requests.get(seq),
    add(event) {
      if (event.type === "step_proposed") {
        const { callId, step, alongside } = event.data;
        const { intent } = step;
        group = alongside === true ? [...group, callId] : [callId];
        const same = group.filter((other) => other === callId || steps.get(other)?.intent === intent);
        if (same.length > 1) for (const other of same) beside.add(other);
        steps.set(callId, step);
        times.set(intent, (times.get(intent) ?? 0) + 1);
      } else if (event.type === "approval_requested") {
        requests.set(event.seq, { kind: "approval", question: event.data.card.title });
      } else if (event.type === "human_asked") {
        requests.set(event.seq, { kind: event.data.kind, question: event.data.question });
      }
    },
  };
}
