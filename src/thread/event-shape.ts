import type { Json, JsonObject } from "../base/json.ts";
import type { EventData, EventType } from "./events.ts";

type Kind = "string" | "number" | "boolean" | "array" | "object" | "json";

type KindOf<Value> = Json extends Value
  ? "json"
  : [Value] extends [string]
    ? "string"
    : [Value] extends [number]
      ? "number"
      : [Value] extends [boolean]
        ? "boolean"
        : [Value] extends [readonly unknown[]]
          ? "array"
          : "object";

type Shape<Data> = {
  readonly [K in keyof Data as Record<never, never> extends Pick<Data, K> ? never : K]-?: KindOf<Data[K]>;
};

/** The fields that the data of each type must have. The type ties the table to `EventData`. */
const SHAPES: { readonly [T in EventType]: Shape<EventData[T]> } = {
  thread_started: { agent: "string" },
  message_received: { text: "string", from: "object" },
  event_received: { name: "string", source: "string", payload: "json" },
  step_proposed: { callId: "string", step: "object", fidelity: "object" },
  step_refused: { reason: "string", message: "string" },
  steps_dropped: { steps: "array", reason: "string" },
  step_judged: { callId: "string", verdict: "string", reason: "string" },
  human_asked: { kind: "string", question: "string" },
  approval_requested: { callId: "string", card: "object", policy: "object", digest: "string" },
  notified: { channel: "string", ok: "boolean" },
  human_responded: { request: "number", decision: "object", by: "object" },
  request_escalated: { request: "number", to: "array" },
  request_expired: { request: "number", outcome: "string" },
  tool_started: { callId: "string", intent: "string", key: "string", attempt: "number" },
  tool_finished: { callId: "string", result: "json" },
  tool_failed: { callId: "string", error: "object" },
  tool_unknown: { callId: "string", reason: "string" },
  sleep_started: { callId: "string", until: "string" },
  event_awaited: { callId: "string", name: "string" },
  woke: { callId: "string", timedOut: "boolean" },
  child_started: { callId: "string", threadId: "string", agent: "string" },
  child_finished: { callId: "string", threadId: "string", result: "json" },
  prefetched: { name: "string", arguments: "object", outcome: "object", as: "string" },
  context_compacted: { from: "number", to: "number", method: "string" },
  paused: { by: "object" },
  resumed: { by: "object" },
  budget_reached: { budget: "string", limit: "number", used: "number" },
  cancelled: { by: "object" },
  finished: { result: "json" },
  failed: { error: "object" },
  data_erased: { seqs: "array", by: "object", reason: "string" },
};

/** The name of a required field that is missing or of the wrong kind, or `undefined` when all are there. */
export function misfit(type: EventType, data: JsonObject): string | undefined {
  for (const [field, kind] of Object.entries<Kind>(SHAPES[type])) {
    if (!Object.hasOwn(data, field) || !fits(kind, data[field])) return field;
  }
  return undefined;
}

function fits(kind: Kind, value: Json | undefined): boolean {
  if (kind === "json") return true;
  if (kind === "array") return Array.isArray(value);
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === kind;
}
