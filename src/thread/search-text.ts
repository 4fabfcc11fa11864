import type { Json } from "../base/json.ts";
import type { EventData, EventType, HumanDecision, Principal, Step } from "./events.ts";

/** How much of one event can be found, in characters. */
const MAX_TEXT = 10_000;

/**
 * What people would look an event up by: what was said, asked, done and answered, and by whom. Empty for bookkeeping. Nothing
 * is redacted here: pass it an event without secrets.
 */
export function searchTextOf<T extends EventType>(event: {
  readonly type: T;
  readonly data: EventData[T];
}): string {
  const said: Said<T> = SAID[event.type];
  const parts: string[] = [];
  let room = MAX_TEXT;
  const add = (value: Json | undefined): void => {
    if (room <= 0 || value === undefined || value === null || typeof value === "boolean" || value === "")
      return;
    if (typeof value === "object") {
      for (const item of Array.isArray(value) ? value : Object.values(value)) add(item);
      return;
    }
    const text = String(value).slice(0, room).toWellFormed();
    parts.push(text);
    room -= text.length + SEPARATOR.length;
  };
  for (const value of said(event.data)) add(value);
  return parts.join(SEPARATOR);
}

const SEPARATOR = " · ";

type Said<T extends EventType> = (data: EventData[T]) => readonly (Json | undefined)[];

const nothing = () => [];

const SAID: { readonly [T in EventType]: Said<T> } = {
  thread_started: nothing,
  message_received: ({ text, from }) => [text, ...who(from)],
  event_received: ({ name, source, payload, from }) => [
    name,
    payload,
    source,
    ...(from === undefined || from === "system" ? [] : who(from)),
  ],
  step_proposed: ({ step, said }) => [...stepTexts(step), said?.withoutJson ?? said?.text],
  step_refused: ({ message }) => [message],
  steps_dropped: nothing,
  step_judged: ({ reason }) => [reason],
  human_asked: ({ question, context, options }) => [question, context, options?.choices?.slice()],
  // Its arguments stand in the step.
  approval_requested: ({ card }) => [card.title, card.preview],
  notified: ({ text }) => [text],
  human_responded: ({ by, decision }) => [...decisionTexts(decision), ...who(by)],
  request_escalated: nothing,
  request_expired: nothing,
  tool_started: nothing,
  tool_finished: ({ result, cachedFrom }) => [cachedFrom === undefined ? result : undefined],
  tool_failed: ({ error }) => [error.message],
  tool_unknown: ({ reason }) => [reason],
  sleep_started: nothing,
  event_awaited: ({ name }) => [name],
  woke: nothing,
  child_requested: ({ agent, input }) => [agent, input],
  child_started: nothing,
  child_finished: ({ result }) => [result],
  child_failed: ({ error }) => [error.message],
  passed_on: nothing,
  parent_told: nothing,
  prefetched: ({ arguments: given, outcome }) => [
    given,
    outcome.kind === "result" ? outcome.result : outcome.error.message,
  ],
  context_compacted: nothing,
  events_left_out: ({ by, reason }) => [reason, ...who(by)],
  paused: ({ by, reason }) => [reason, ...who(by)],
  resumed: ({ by }) => who(by),
  budget_reached: nothing,
  cancelled: ({ by, reason }) => [reason, ...who(by)],
  finished: ({ result }) => [result],
  failed: ({ error }) => [error.message],
  secret_revealed: ({ by }) => who(by),
  data_erased: ({ by, reason }) => [reason, ...who(by)],
};

function who({ channel, id, name }: Principal): readonly (string | undefined)[] {
  return [name, `${channel}:${id}`];
}

function stepTexts({ intent, ...fields }: Step): readonly Json[] {
  return [intent, fields];
}

function decisionTexts(decision: HumanDecision): readonly (Json | undefined)[] {
  switch (decision.kind) {
    case "approved":
      return decision.editedStep === undefined ? [] : stepTexts(decision.editedStep);
    case "denied":
      return [decision.feedback];
    case "answered":
      return [decision.text];
    case "happened":
      return [decision.result];
    case "did_not_happen":
      return [];
    default:
      return decision satisfies never;
  }
}
