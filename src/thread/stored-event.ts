import { StorageError } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject, parseJson } from "../base/json.ts";
import type { StoredEvent } from "./chain.ts";
import { misfit } from "./declare-event.ts";
import { EVENTS, isEventType, type ThreadEvent } from "./events.ts";
import { type EventCatalogue, upcast } from "./upcast.ts";

type Header = Pick<StoredEvent, "seq" | "type" | "v" | "at">;

/**
 * A stored event in its current shape. Throws a `StorageError` (`storage_corrupt`) that names the thread and the event if it
 * is not JSON, is of an unknown type or version, or lacks a field.
 */
export function decodeEvent(
  threadId: string,
  stored: Header & { readonly text: string; readonly erased: boolean },
  catalogue: EventCatalogue = EVENTS,
): ThreadEvent {
  try {
    const json = parseJson(stored.text);
    return stored.erased
      ? toCurrent({ ...stored, v: standInVersion(json) }, isJsonObject(json) ? json["data"] : null, catalogue)
      : toCurrent(stored, json, catalogue);
  } catch (error) {
    throw readingError(threadId, stored.seq, error);
  }
}

/**
 * Events from outside (a JSON export, another store) in their current shape; they must be numbered from 1 without gaps.
 * Throws `StorageError` (`storage_corrupt`) for anything else.
 */
export function parseEvents(threadId: string, values: readonly Json[]): readonly ThreadEvent[] {
  return values.map((value, index) => {
    try {
      if (!isJsonObject(value)) throw new Error("it must be an object");
      const { seq, type, v, at, data } = value;
      if (seq !== index + 1) throw new Error(`its number is ${JSON.stringify(seq)}`);
      if (typeof type !== "string" || typeof v !== "number" || typeof at !== "string") {
        throw new Error("type, v and at must be there");
      }
      return toCurrent({ seq, type, v, at }, data, EVENTS);
    } catch (error) {
      throw readingError(threadId, index + 1, error);
    }
  });
}

/** An event that was changed, checked again. Throws `Error` if it lacks a field. */
export function parseEvent({ data, ...header }: Header & { readonly data: JsonObject }): ThreadEvent {
  return toCurrent(header, data, EVENTS);
}

function toCurrent(header: Header, json: Json | undefined, catalogue: EventCatalogue): ThreadEvent {
  const { v, data } = upcast(header.type, header.v, json ?? null, catalogue);
  const event = { seq: header.seq, at: header.at, type: header.type, v, data };
  assertThreadEvent(event, data);
  return event;
}

function assertThreadEvent(event: Header & { data: object }, data: JsonObject): asserts event is ThreadEvent {
  if (Number.isNaN(Date.parse(event.at))) throw new Error(`its time is ${JSON.stringify(event.at)}`);
  if (!isEventType(event.type)) throw new Error(`the event type ${event.type} is not known`);
  const field = misfit(EVENTS[event.type], data);
  if (field !== undefined) throw new Error(`the ${field} of its data is missing or of the wrong kind`);
}

function standInVersion(json: Json): number {
  if (isJsonObject(json) && typeof json["v"] === "number") return json["v"];
  throw new Error("what stands in for its erased data is malformed");
}

function readingError(threadId: string, seq: number, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError("storage_corrupt", `event ${seq} of thread ${threadId} cannot be read: ${reason}`, {
    cause,
    details: { threadId, seq },
  });
}
