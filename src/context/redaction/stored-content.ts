import { isJsonArray, isJsonObject, type Json, type JsonObject, mapFields } from "../../base/json.ts";
import type { EventType } from "../../thread/events.ts";
import type { ContentMap } from "../blocks/event-content.ts";

/** An event whose data is known only to be JSON. */
export interface JsonEvent {
  readonly type: EventType;
  readonly data: JsonObject;
}

const OF_COMPLETION = ["client", "usage", "durationMs", "requestDigest"];
const COMPLETION = OF_COMPLETION.map((name) => `completion.${name}`);
const HELPERS = OF_COMPLETION.map((name) => `completions.*.${name}`);
const MISSED = ["missed.requester.channel", "missed.requester.id", "missed.after"];
const CHILD = [
  "callId",
  "threadId",
  "agent",
  "background",
  "spent",
  "requesters.unknown",
  "requesters.known.*.channel",
  "requesters.known.*.id",
];
const BY = ["by.channel", "by.id"];

/**
 * The parts of an event that are not content: ids, times, digests, counts, names, and who people are. Everything else
 * is redacted before it is stored, including fields that do not exist yet.
 */
const KEPT: { readonly [T in EventType]: readonly string[] } = {
  thread_started: [
    "agent",
    "version",
    "forkedFrom",
    "parent",
    "requesters.unknown",
    "requesters.known.*.channel",
    "requesters.known.*.id",
    "requester.channel",
    "requester.id",
  ],
  message_received: ["from.channel", "from.id", "via"],
  event_received: ["name", "source", "callId", "from.channel", "from.id", "via", "ofParent"],
  step_proposed: ["callId", "fidelity", "said.length", "alongside", ...MISSED, ...COMPLETION],
  step_refused: ["reason", "callId", ...MISSED, ...COMPLETION],
  steps_dropped: ["callIds"],
  step_judged: ["callId", "verdict", ...HELPERS],
  human_asked: ["kind", "callId", "to", "options.urgency", "options.format", "version"],
  approval_requested: [
    "callId",
    "card.intent",
    "card.reasons.*.kind",
    "card.reasons.*.doubts",
    "card.reasons.*.who",
    "card.said.length",
    "card.failures.count",
    "card.failures.latest.*.at",
    "card.newer.count",
    "card.newer.latest.*.at",
    "card.newer.latest.*.from.channel",
    "card.newer.latest.*.from.id",
    "card.newer.latest.*.length",
    "policy",
    "digest",
    "expiresAt",
    "since",
  ],
  notified: ["channel", "ok", "request", "about", "skipped", "update", "callId"],
  human_responded: ["request", "callId", "digest", "decision.kind", ...BY],
  request_escalated: ["request", "to"],
  request_expired: ["request", "outcome", "because"],
  tool_started: ["callId", "intent", "key", "attempt"],
  tool_finished: ["callId", "cachedFrom", "cachedAt", ...HELPERS],
  tool_failed: ["callId", ...HELPERS],
  tool_unknown: ["callId", ...HELPERS],
  sleep_started: ["callId", "until"],
  event_awaited: ["callId", "name", "until", "tokenDigest", ...HELPERS],
  woke: ["callId", "timedOut"],
  child_requested: ["callId", "threadId", "agent", "background"],
  child_started: ["callId", "threadId", "agent"],
  child_finished: CHILD,
  child_failed: CHILD,
  passed_on: ["threadId", "upTo"],
  parent_told: ["threadId"],
  prefetched: ["name", "outcome.kind", "as", ...HELPERS],
  context_compacted: ["from", "to", "method", ...COMPLETION, ...HELPERS],
  events_left_out: ["seqs", ...BY],
  paused: BY,
  resumed: BY,
  budget_reached: ["budget", "limit", "used"],
  cancelled: BY,
  finished: ["callId"],
  failed: [],
  secret_revealed: ["placeholder", ...BY],
  data_erased: ["seqs", "standIns", ...BY],
};

/** Where JSON of any shape stands. */
export const ANY_JSON: ReadonlySet<string> = new Set([
  "payload",
  "result",
  "replacement",
  "card.preview",
  "outcome.result",
  "decision.result",
]);

/** Where steps stand. Their fields are content; `intent` is a name. */
const STEPS: readonly string[] = ["step", "steps.*", "decision.editedStep"];

/** True if a part of an event's data is stored as it is. `*` stands for an index of a list. */
export function isKept(type: EventType, path: string): boolean {
  return KEPT[type].some((kept) => path === kept || path.startsWith(`${kept}.`));
}

/** Maps the content of events for the store. `path` says where a value stands in an event's data. */
export interface StoredContentMap extends Pick<ContentMap, "object"> {
  json(value: Json, path: string): Json;
  /** Maps the intent of a step, which a model may have made up. Default: unchanged. */
  name?(intent: string): string;
}

/** The event with its content mapped for the store. That is more of the event than the model reads. */
export function mapStored({ type, data }: JsonEvent, map: StoredContentMap): JsonEvent {
  const inner = [...KEPT[type], ...STEPS];
  const mapAt = (value: Json, path: string): Json => {
    if (KEPT[type].includes(path)) return value;
    if (STEPS.includes(path) && isJsonObject(value)) return mapStep(value, map);
    if (!inner.some((other) => other.startsWith(`${path}.`))) return map.json(value, path);
    if (isJsonArray(value)) return value.map((item) => mapAt(item, `${path}.*`));
    return isJsonObject(value) ? mapIn(value, `${path}.`) : map.json(value, path);
  };
  const mapIn = (fields: JsonObject, prefix: string): JsonObject =>
    mapFields(fields, (value, name) => mapAt(value, prefix + name));
  return { type, data: mapIn(data, "") };
}

function mapStep(
  { intent = null, ...fields }: JsonObject,
  map: Pick<StoredContentMap, "object" | "name">,
): JsonObject {
  const name = typeof intent === "string" ? (map.name?.(intent) ?? intent) : intent;
  return { ...map.object(fields), intent: name };
}
