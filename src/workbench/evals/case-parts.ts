import { type Json, toJson } from "../../base/json.ts";
import type { Thread } from "../../thread/thread.ts";
import type { Expectation } from "./dataset.ts";

/** The judges that an expectation names, also deep inside. */
export function judgesIn({ judge, anyOf = [], not }: Expectation): readonly string[] {
  return [...[judge ?? []].flat(), ...anyOf.flatMap(judgesIn), ...(not === undefined ? [] : judgesIn(not))];
}

/** What makes the case: its events, whatever the thread is called. */
export function threadKey({ events }: Thread): Json {
  return toJson(events.map(({ type, data }) => ({ type, data })));
}
