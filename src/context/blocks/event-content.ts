import type { Json, JsonObject } from "../../base/json.ts";
import type { ErrorInfo, HumanDecision, Step, ThreadEvent } from "../../thread/events.ts";

/** What is done to the content of events. Must be pure; may not throw. */
export interface ContentMap {
  text(text: string): string;
  json(value: Json): Json;
  object(value: JsonObject): JsonObject;
}

/**
 * The event with its content (what people, models and tools said) mapped; ids, names, keys and policies stay as they
 * are. Returns the same object for an event without content.
 */
export function mapContent(event: ThreadEvent, map: ContentMap): ThreadEvent {
  switch (event.type) {
    case "message_received":
      return { ...event, data: { ...event.data, text: map.text(event.data.text) } };
    case "event_received":
      return { ...event, data: { ...event.data, payload: map.json(event.data.payload) } };
    case "step_proposed": {
      const { completion: _, ...data } = event.data;
      return { ...event, data: { ...data, step: mapStep(data.step, map) } };
    }
    case "step_refused": {
      const { completion, ...data } = event.data;
      const message = map.text(data.message);
      if (completion === undefined) return { ...event, data: { ...data, message } };
      const raw = map.text(completion.raw);
      return { ...event, data: { ...data, message, completion: { ...completion, raw } } };
    }
    case "steps_dropped":
      return { ...event, data: { ...event.data, steps: event.data.steps.map((step) => mapStep(step, map)) } };
    case "human_asked":
      return { ...event, data: { ...event.data, question: map.text(event.data.question) } };
    case "human_responded":
      return { ...event, data: { ...event.data, decision: mapDecision(event.data.decision, map) } };
    case "tool_finished":
      return { ...event, data: { ...event.data, result: map.json(event.data.result) } };
    case "tool_failed":
      return { ...event, data: { ...event.data, error: mapError(event.data.error, map) } };
    case "child_failed":
      return { ...event, data: { ...event.data, error: mapError(event.data.error, map) } };
    case "child_requested":
      return { ...event, data: { ...event.data, input: map.json(event.data.input) } };
    case "child_finished":
      return { ...event, data: { ...event.data, result: map.json(event.data.result) } };
    case "finished":
      return { ...event, data: { ...event.data, result: map.json(event.data.result) } };
    case "failed":
      return { ...event, data: { ...event.data, error: mapError(event.data.error, map) } };
    case "prefetched": {
      const { outcome, arguments: given } = event.data;
      const mapped: typeof outcome =
        outcome.kind === "result"
          ? { ...outcome, result: map.json(outcome.result) }
          : { ...outcome, error: mapError(outcome.error, map) };
      return { ...event, data: { ...event.data, arguments: map.object(given), outcome: mapped } };
    }
    case "context_compacted": {
      const { replacement, ...data } = event.data;
      return replacement === undefined
        ? event
        : { ...event, data: { ...data, replacement: map.json(replacement) } };
    }
    case "step_judged":
      return { ...event, data: { ...event.data, reason: map.text(event.data.reason) } };
    case "approval_requested": {
      const { preview, ...card } = event.data.card;
      if (preview === undefined) return event;
      return { ...event, data: { ...event.data, card: { ...card, preview: map.json(preview) } } };
    }
    case "thread_started":
    case "notified":
    case "request_escalated":
    case "request_expired":
    case "tool_started":
    case "tool_unknown":
    case "sleep_started":
    case "event_awaited":
    case "woke":
    case "child_started":
    case "passed_on":
    case "parent_told":
    case "events_left_out":
    case "secret_revealed":
    case "paused":
    case "resumed":
    case "budget_reached":
    case "cancelled":
    case "data_erased":
      return event;
    default:
      return event satisfies never;
  }
}

function mapStep({ intent, ...fields }: Step, map: ContentMap): Step {
  return { ...map.object(fields), intent };
}

function mapDecision(decision: HumanDecision, map: ContentMap): HumanDecision {
  switch (decision.kind) {
    case "approved":
      return decision.editedStep === undefined
        ? decision
        : { ...decision, editedStep: mapStep(decision.editedStep, map) };
    case "denied":
      return { ...decision, feedback: map.text(decision.feedback) };
    case "answered":
      return { ...decision, text: map.text(decision.text) };
    case "happened":
      return { ...decision, result: map.json(decision.result) };
    case "did_not_happen":
      return decision;
    default:
      return decision satisfies never;
  }
}

function mapError(error: ErrorInfo, map: ContentMap): ErrorInfo {
  return {
    ...error,
    message: map.text(error.message),
    ...(error.causes === undefined ? {} : { causes: error.causes.map((cause) => map.text(cause)) }),
  };
}
