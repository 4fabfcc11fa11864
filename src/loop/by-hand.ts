import { callIdAt } from "../base/ids.ts";
import { isJsonObject, toJson } from "../base/json.ts";
import type { Accepted } from "../prompts/types.ts";
import type { NewEvent, Principal, Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/*
 * The events that a loop written by hand appends to a thread: what a person said, and the outcome of each step. They are
 * appended unchanged: nothing is kept out of a store that you write to yourself.
 */

type AnswerOf = Accepted<{ readonly intent: string }>;

/** What a person said. */
export function said(text: string, by: Pick<Principal, "channel" | "id">): NewEvent {
  return { type: "message_received", data: { text, from: { channel: by.channel, id: by.id } } };
}

/**
 * A step that was proposed and has run, with its result. The engine itself reserves a call before running it: use the
 * engine if running a step twice would do harm.
 */
export function ranStep(thread: Thread, answer: AnswerOf, result: unknown): NewEvent[] {
  const { callId, proposed, step } = proposal(thread, answer);
  const key = `${thread.id}:${callId}`;
  return [
    proposed,
    { type: "tool_started", data: { callId, intent: step.intent, key, attempt: 1 } },
    { type: "tool_finished", data: { callId, result: toJson(result) } },
  ];
}

/** A step that asked a person, with the question as asked and the person's reply. */
export function askedHuman(thread: Thread, answer: AnswerOf, { question, text, by }: HumanReply): NewEvent[] {
  const { callId, proposed } = proposal(thread, answer);
  const request = thread.state.seq + 2;
  const decision = { kind: "answered", text } as const;
  return [
    proposed,
    { type: "human_asked", data: { kind: "question", callId, question } },
    {
      type: "human_responded",
      data: { request, callId, decision, by: { channel: by.channel, id: by.id } },
    },
  ];
}

export interface HumanReply {
  readonly question: string;
  /** What the person answered. */
  readonly text: string;
  readonly by: Pick<Principal, "channel" | "id">;
}

/** A step that ends the run, with the result. */
export function finishedRun(thread: Thread, answer: AnswerOf, result: unknown): NewEvent[] {
  const { callId, proposed } = proposal(thread, answer);
  return [proposed, { type: "finished", data: { callId, result: toJson(result) } }];
}

function proposal(thread: Thread, { value, fidelity, completion }: AnswerOf) {
  const callId = callIdAt(thread.state.seq + 1);
  const fields = toJson(value);
  const step: Step = { ...(isJsonObject(fields) ? fields : {}), intent: value.intent };
  const proposed: NewEvent = { type: "step_proposed", data: { callId, step, fidelity, completion } };
  return { callId, step, proposed };
}
