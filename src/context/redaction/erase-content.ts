import { isJsonArray, isJsonObject, type Json, toJson } from "../../base/json.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { parseEvent } from "../../thread/stored-event.ts";
import { ANY_JSON, mapStored } from "./stored-content.ts";

const ERASED = "(erased)";

/** Which model answered, and under which id: nobody's words. */
const SAID_BY_PROVIDER = /^completions?(\.\*)?\.response$/;

/** Objects whose fields were all chosen by a model or a tool. */
const OWN_FIELDS: ReadonlySet<string> = new Set(["arguments", "card.arguments"]);

/**
 * The event without its content, that is, without what people, models and tools said. Its ids, times, names of steps
 * and agents, and who did what stay, so that the thread remains complete. Returns the same event if there is nothing to
 * erase.
 */
export function eraseContent(event: ThreadEvent): ThreadEvent {
  // Its stand-ins hold together what was erased before.
  if (event.type === "data_erased") return event;
  const data = toJson(event.data);
  if (!isJsonObject(data)) return event;
  const erased = mapStored(
    { type: event.type, data },
    {
      json: (value, path) => {
        // Its keys may reveal as much as its values.
        if (ANY_JSON.has(path)) return ERASED;
        // "system" means that nobody sent it.
        if (path === "from" || SAID_BY_PROVIDER.test(path)) return value;
        return OWN_FIELDS.has(path) ? {} : eraseJson(value);
      },
      object: (fields) => Object.fromEntries(Object.keys(fields).map((name) => [name, ERASED])),
    },
  );
  return JSON.stringify(erased.data) === JSON.stringify(data) ? event : parseEvent({ ...event, ...erased });
}

function eraseJson(value: Json): Json {
  if (isJsonArray(value)) return value.map(eraseJson);
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, eraseJson(field)]));
  }
  if (typeof value === "string") return ERASED;
  if (typeof value === "number") return 0;
  return typeof value === "boolean" ? false : value;
}
