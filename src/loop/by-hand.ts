import { callIdAt } from "../base/ids.ts";
import { isJsonObject, toJson } from "../base/json.ts";
import type { Accepted } from "../prompts/types.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/**
 * For loops written by hand: the events of a step that was proposed and has run, to be appended to `thread` with its
 * result. The engine itself reserves first, runs then: use it where running twice would do harm.
 */
export function ranStep(
  thread: Thread,
  answer: Accepted<{ readonly intent: string }>,
  result: unknown,
): NewEvent[] {
  const { value, fidelity, completion } = answer;
  const callId = callIdAt(thread.state.seq + 1);
  const fields = toJson(value);
  const step = { ...(isJsonObject(fields) ? fields : {}), intent: value.intent };
  const key = `${thread.id}:${callId}`;
  return [
    { type: "step_proposed", data: { callId, step, fidelity, completion } },
    { type: "tool_started", data: { callId, intent: step.intent, key, attempt: 1 } },
    { type: "tool_finished", data: { callId, result: toJson(result) } },
  ];
}

/** For loops written by hand: what a person said. */
export function said(text: string, by: { readonly channel: string; readonly id: string }): NewEvent {
  return { type: "message_received", data: { text, from: { channel: by.channel, id: by.id } } };
}
