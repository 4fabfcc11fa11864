import type { Json } from "../../base/json.ts";

/** One thing the model may read: a tag that names it and a value. Every format renders a list of these. */
export interface ContextBlock {
  readonly tag: string;
  /** A string is shown as it is; anything else in the format's own notation. */
  readonly body: Json;
  /** Set on content that came from outside: where from, e.g. `webhook:github`. The model is told. */
  readonly untrusted?: string;
}

/** Tags with a fixed meaning. An intent of the same name could be mistaken for them, so it is not safe. */
export const RESERVED_TAGS: readonly string[] = [
  "message_received",
  "event_received",
  "human_response",
  "human_asked",
  "request_expired",
  "child_finished",
  "child_failed",
  "step",
  "step_result",
  "step_error",
  "step_refused",
  "steps_dropped",
  "summary",
  "folded_errors",
  "superseded",
  "memory",
  "document",
  "finished",
  "failed",
  "system",
  "user",
  "assistant",
  "tool",
];

const reserved = new Set(RESERVED_TAGS);
const SAFE_TAG = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/**
 * True for an intent that can be a tag as it stands: 1 to 64 letters, digits, `_`, `.` and `-`, not starting with a
 * digit, not one of `RESERVED_TAGS`, and not ending like a result or an error of another intent. Other intents still
 * render, under the tag `step` with the intent as a field.
 */
export function isSafeTag(intent: string): boolean {
  return SAFE_TAG.test(intent) && !reserved.has(intent) && !/_(?:result|error)$/.test(intent);
}
