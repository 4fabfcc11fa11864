import type { JsonObject } from "../base/json.ts";

/** The data of a version that only added optional fields to the one before. */
export function asBefore(data: JsonObject): JsonObject {
  return data;
}

/** The data of a `thread_started` of version 1: what begins a thread says by whose rules it goes on. */
export function fromEarlier(data: JsonObject): JsonObject {
  return { ...data, earlier: true };
}

/**
 * The data of an `event_received` of version 1, which did not say who sent it: a cron tick was nobody's, and what came
 * over the HTTP API has its caller as its source.
 */
export function senderFromSource(data: JsonObject): JsonObject {
  const { source } = data;
  if (source === "cron") return { ...data, from: "system" };
  const caller = typeof source === "string" ? /^web:(.+)$/s.exec(source)?.[1] : undefined;
  return caller === undefined ? data : { ...data, from: { channel: "web", id: caller } };
}
