import { type Json, toJson } from "../../base/json.ts";
import type { Thread } from "../../thread/thread.ts";

/** What makes the case: its events, whatever the thread is called. */
export function threadKey({ events }: Thread): Json {
  return toJson(events.map(({ type, data }) => ({ type, data })));
}
