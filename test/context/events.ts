import fc from "fast-check";
import { callIdAt, parseThreadId } from "../../src/base/ids.ts";
import type { Json } from "../../src/base/json.ts";
import {
  EVENTS,
  type NewEvent,
  type Principal,
  type Step,
  type ThreadEvent,
} from "../../src/thread/events.ts";
import { anyJson, hostileString } from "./hostile.ts";

export const ada: Principal = { channel: "terminal", id: "ada" };

/** Events as a store would hold them: numbered from 1, after the `thread_started` that opens every thread. */
export function eventsOf(...added: readonly NewEvent[]): ThreadEvent[] {
  const all: NewEvent[] = [{ type: "thread_started", data: { agent: "test" } }, ...added];
  return all.map((event, index) => numbered(event, index + 1));
}

/** A further event of the same thread. */
export function next(events: readonly ThreadEvent[], event: NewEvent): ThreadEvent[] {
  return [...events, numbered(event, events.length + 1)];
}

function numbered(event: NewEvent, seq: number): ThreadEvent {
  const stored = { ...event, seq, at: "2026-01-02T03:04:05.000Z", v: EVENTS[event.type].version };
  return stored as ThreadEvent;
}

const exact = { grade: "exact", reasons: [] } as const;

export function message(text: string, from: Principal = ada): NewEvent {
  return { type: "message_received", data: { text, from } };
}

/** A proposed step; `seq` is the number it will get. */
export function proposed(seq: number, step: Step): NewEvent {
  return { type: "step_proposed", data: { callId: callIdAt(seq), step, fidelity: exact } };
}

export function finishedTool(seq: number, result: Json): NewEvent {
  return { type: "tool_finished", data: { callId: callIdAt(seq), result } };
}

export function failedTool(seq: number, text: string): NewEvent {
  return { type: "tool_failed", data: { callId: callIdAt(seq), error: { name: "Error", message: text } } };
}

const callId = fc.integer({ min: 2, max: 9 }).map(callIdAt);
const request = fc.integer({ min: 2, max: 9 });
const error = fc.record({ name: fc.constant("Error"), message: hostileString });
const threadId = parseThreadId("thr_other");

const step: fc.Arbitrary<Step> = fc
  .tuple(
    fc.oneof(fc.constantFrom("divide", "message_received", "divide_result", "human_response"), hostileString),
    fc.dictionary(hostileString, anyJson, { maxKeys: 3 }),
  )
  .map(([intent, fields]) => ({ ...fields, intent }));

const decision = fc.oneof(
  fc.record({ kind: fc.constant("approved" as const) }),
  fc.record({ kind: fc.constant("approved" as const), editedStep: step }),
  fc.record({ kind: fc.constant("denied" as const), feedback: hostileString }),
  fc.record({ kind: fc.constant("answered" as const), text: hostileString }),
  fc.record({ kind: fc.constant("happened" as const), result: anyJson }),
);

const someEvent: fc.Arbitrary<NewEvent> = fc.oneof(
  hostileString.map((text) => message(text)),
  fc
    .record({ name: hostileString, source: hostileString, payload: anyJson })
    .map((data): NewEvent => ({ type: "event_received", data })),
  fc
    .record({ callId, step, fidelity: fc.constant(exact) })
    .map((data): NewEvent => ({ type: "step_proposed", data })),
  fc
    .record({ callId, reason: fc.constant("unparseable" as const), message: hostileString })
    .map((data): NewEvent => ({ type: "step_refused", data })),
  fc
    .record({ steps: fc.array(step, { maxLength: 2 }), reason: hostileString })
    .map((data): NewEvent => ({ type: "steps_dropped", data })),
  fc
    .record({ kind: fc.constant("question" as const), question: hostileString })
    .map((data): NewEvent => ({ type: "human_asked", data })),
  fc
    .record({ request, callId, decision, by: fc.constant(ada) })
    .map((data): NewEvent => ({ type: "human_responded", data })),
  fc.record({ callId, result: anyJson }).map((data): NewEvent => ({ type: "tool_finished", data })),
  fc.record({ callId, error }).map((data): NewEvent => ({ type: "tool_failed", data })),
  fc.record({ callId, timedOut: fc.boolean() }).map((data): NewEvent => ({ type: "woke", data })),
  fc.record({ callId, result: anyJson }).map(
    (data): NewEvent => ({
      type: "child_finished",
      data: { ...data, threadId: threadId ?? unreachable() },
    }),
  ),
  fc.record({ result: anyJson }).map((data): NewEvent => ({ type: "finished", data })),
  fc.record({ error }).map((data): NewEvent => ({ type: "failed", data })),
);

function unreachable(): never {
  throw new Error("not a thread id");
}

/** Any events, in any order: the rendering must be safe whatever the thread holds. */
export const anyEvents: fc.Arbitrary<ThreadEvent[]> = fc
  .array(someEvent, { maxLength: 12 })
  .map((events) => eventsOf(...events));
