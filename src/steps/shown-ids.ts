import { atOnce } from "../base/hooks.ts";
import { isJsonArray, isJsonObject, type Json } from "../base/json.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { StepContext } from "./definitions.ts";

/**
 * A `check` that refuses a step naming an id which the thread has not shown: ids come from people, events, lookups and what
 * was fetched beforehand, never from the model alone. Names in errors and in the model's own steps do not count.
 *
 * @example
 * refund: tool(refund, { check: onlyShown(({ order }) => order, "Look the order up first.") }),
 */
export function onlyShown<S>(
  ids: (step: S) => string | number | readonly (string | number)[],
  advice = "Look it up first, or ask.",
): (step: S, context: StepContext) => string | undefined {
  return (step, { thread }) => {
    const wanted = [atOnce("`ids`", ids(step))].flat().map(String);
    const unknown = wanted.filter((id) => !wasShown(thread, id));
    if (unknown.length === 0) return undefined;
    return `nothing in this thread has shown ${unknown.join(", ")}. ${advice}`;
  };
}

/** Whether a person, an event, a lookup or a prefetch has shown this id: as a value or key, or as a word of a text. */
export function wasShown({ events }: Pick<Thread, "events">, id: string): boolean {
  const word = id.trim();
  return word !== "" && events.some((event) => shownBy(event).some((value) => holds(value, word)));
}

/** What an event tells the thread that the model does not know from itself. */
function shownBy(event: ThreadEvent): readonly Json[] {
  switch (event.type) {
    case "message_received":
      return [event.data.text];
    case "event_received":
      return [event.data.payload];
    case "tool_finished":
    case "child_finished":
      return [event.data.result];
    case "prefetched":
      return event.data.outcome.kind === "result" ? [event.data.outcome.result] : [];
    case "human_responded": {
      const { decision } = event.data;
      if (decision.kind === "answered") return [decision.text];
      if (decision.kind === "denied") return [decision.feedback];
      if (decision.kind === "happened") return [decision.result];
      return decision.kind === "approved" && decision.editedStep !== undefined ? [decision.editedStep] : [];
    }
    default:
      return [];
  }
}

function holds(value: Json, id: string): boolean {
  if (typeof value === "string") return value === id || holdsWord(value, id);
  if (typeof value === "number") return String(value) === id;
  if (isJsonArray(value)) return value.some((item) => holds(item, id));
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([name, field]) => name === id || holds(field, id));
}

/** Characters that ids are made of: `12` is not shown by `1234`, nor `v1.2` by `v1.2.3`. */
const PART = /[\p{L}\p{N}_-]/u;

function holdsWord(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + 1)) {
    const before = text[at - 1] ?? "";
    const after = text.slice(at + id.length);
    const goesOn = PART.test(after[0] ?? "") || (/^[.:/@]/.test(after) && PART.test(after[1] ?? ""));
    const begins = PART.test(before) || (/[.:/@]/.test(before) && PART.test(text[at - 2] ?? ""));
    if (!begins && !goesOn) return true;
  }
  return false;
}
