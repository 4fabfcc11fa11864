import { NotFoundError, UsageError } from "../base/errors.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject, mayExceed, toJson } from "../base/json.ts";
import { cutMiddle } from "../context/blocks/errors.ts";
import { ANY_JSON, type JsonEvent, mapStored } from "../context/redaction/stored-content.ts";
import { removeStoredSecrets } from "../context/redaction/stored-secrets.ts";
import { misfit } from "../thread/declare-event.ts";
import { EVENTS, type EventType, type NewEvent, type ThreadEvent } from "../thread/events.ts";
import type { ThreadState } from "../thread/state.ts";
import { appendEvents, followingEvents, type Thread, type ThreadHead } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";

/** The longest message, in characters. */
const MAX_MESSAGE = 1_000_000;
/** The largest data of an event, in characters of JSON. */
const MAX_EVENT = 10_000_000;
/** How many characters are kept of a result that is too large. */
const LEFT_OF_RESULT = 10_000;

/**
 * The one way into a thread: returns it with further events appended, each as it is stored. Only journals and the
 * runtime's changes use it; nothing else appends. `now` is in milliseconds since the epoch.
 *
 * Throws `UsageError` for a malformed or oversized event, `NotFoundError` if the event holds content and the agent is not
 * known here, and `IllegalEventError` for an event that is not allowed in the thread's state.
 */
export function appendToThread(
  thread: Thread,
  events: readonly NewEvent[],
  { agent, now }: { readonly agent: Agent | undefined; readonly now: number },
): Thread {
  return appendEvents(thread, toStore(events, thread, agent), now);
}

/**
 * The same for a change that has not read the whole thread: returns the events to append and the state after them. An
 * agent that keeps anything out of the store needs the whole thread.
 */
export function eventsFor(
  thread: ThreadHead | Thread,
  events: readonly NewEvent[],
  { agent, now }: { readonly agent: Agent | undefined; readonly now: number },
): { readonly events: readonly ThreadEvent[]; readonly state: ThreadState } {
  return followingEvents(thread.state, toStore(events, thread, agent), now);
}

/** Events as they are stored in a thread: checked, cut to size, and without what the agent keeps out of the store. */
export function toStore(
  events: readonly NewEvent[],
  thread: ThreadHead | Thread,
  agent: Agent | undefined,
): readonly NewEvent[] {
  const plain = events.map(({ type, data }): JsonEvent => ({ type, data: jsonObject(type, data) }));
  const redacted =
    agent === undefined
      ? plain.map((event) => withoutAgent(event, thread))
      : agent.context.forStore(plain, thread);
  return redacted.map((event) => {
    const fitting = withinSize(event);
    assertEvent(fitting);
    return fitting;
  });
}

function jsonObject(type: EventType, data: NewEvent["data"]): JsonObject {
  const json = toJson(data);
  if (isJsonObject(json)) return json;
  throw new UsageError("invalid_argument", `the data of a ${type} event must be an object`);
}

/** The events allowed for a thread whose agent, and with it the rules for the store, is not known here. */
const LIFE: ReadonlySet<EventType> = new Set([
  "thread_started",
  "paused",
  "resumed",
  "cancelled",
  "request_expired",
  "data_erased",
]);

function withoutAgent(event: JsonEvent, { id, state }: ThreadHead): JsonEvent {
  if (LIFE.has(event.type)) return removeStoredSecrets(event);
  const { agent } = state;
  const message = `there is no agent "${agent}" here, so it is not known what thread ${id} may store`;
  throw new NotFoundError(message, { agent, threadId: id });
}

function withinSize(event: JsonEvent): JsonEvent {
  const { type, data } = event;
  if (type === "message_received" && typeof data["text"] === "string" && data["text"].length > MAX_MESSAGE) {
    throw tooLarge("the message", data["text"].length, MAX_MESSAGE, "send it in parts, or a reference to it");
  }
  if (!mayExceed(data, MAX_EVENT)) return event;
  const size = JSON.stringify(data).length;
  if (size <= MAX_EVENT) return event;
  // What has happened must be recorded, as far as there is room.
  if (data["result"] !== undefined)
    return { type, data: { ...data, result: shortResult(data["result"], size) } };
  const { completion } = data;
  if (isJsonObject(completion) && typeof completion["raw"] === "string") {
    const raw = cutMiddle(completion["raw"], LEFT_OF_RESULT);
    const cut = { type, data: { ...data, completion: { ...completion, raw } } };
    if (JSON.stringify(cut.data).length <= MAX_EVENT) return cut;
  }
  if (CUT.has(type)) {
    const cut = mapStored(event, { json: cutLarge, object: (fields) => fields });
    if (JSON.stringify(cut.data).length <= MAX_EVENT) return cut;
  }
  throw tooLarge(`the data of the ${type} event`, size, MAX_EVENT, "store a reference to it");
}

/** What an agent's own code says about what has happened: it is cut, for if it were refused, the thread could never go on. */
const CUT: ReadonlySet<EventType> = new Set([
  "step_refused",
  "step_judged",
  "approval_requested",
  "tool_failed",
  "tool_unknown",
  "prefetched",
  "context_compacted",
  "child_failed",
  "failed",
]);

function cutLarge(value: Json, path: string): Json {
  // People decide on the arguments that run: all of them, or none.
  if (path === "card.arguments") return value;
  if (!ANY_JSON.has(path)) return cutTexts(value);
  const size = JSON.stringify(value).length;
  return size <= LEFT_OF_RESULT ? value : shortResult(value, size);
}

function cutTexts(value: Json): Json {
  if (typeof value === "string") return cutMiddle(value, LEFT_OF_RESULT);
  if (isJsonArray(value)) return value.map(cutTexts);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, cutTexts(field)]));
}

function shortResult(result: Json, size: number): JsonObject {
  const text = typeof result === "string" ? result : JSON.stringify(result);
  const note = `The result has about ${size} characters; at most ${MAX_EVENT} are stored. Ask for less of it.`;
  return { too_large: note, beginning: text.slice(0, LEFT_OF_RESULT).toWellFormed() };
}

function tooLarge(what: string, size: number, limit: number, advice: string): UsageError {
  const message = `${what} has ${size} characters; at most ${limit} are taken: ${advice}`;
  return new UsageError("invalid_argument", message, { details: { size, limit } });
}

function assertEvent(event: JsonEvent): asserts event is JsonEvent & NewEvent {
  const field = misfit(EVENTS[event.type], event.data);
  if (field === undefined) return;
  const message = `the ${field} of a ${event.type} event is missing or of the wrong kind`;
  throw new UsageError("invalid_argument", message);
}
