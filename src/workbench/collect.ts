import type { Agent } from "../agent/agent.ts";
import { canonicalJson, isJsonArray, isJsonObject, type Json, toJson } from "../base/json.ts";
import type { Step, ThreadEvent } from "../thread/events.ts";
import { threadOf } from "../thread/thread.ts";
import { decisionsIn, type StoredThread } from "./decisions.ts";
import type { Expectation } from "./evals/dataset.ts";

/** A case made of what a person corrected, for somebody to look at: it is not run before. */
export interface CollectedCase {
  /** Thread and event: the same correction is collected once. */
  readonly name: string;
  readonly agent: string;
  readonly review: true;
  /** What the person did, and said. */
  readonly note: string;
  readonly expect: Expectation;
  /** The thread up to where the model was asked. */
  readonly events: readonly Json[];
}

/**
 * The corrections in a thread as cases. A step that was edited: as the person wrote it. A step that was denied with feedback,
 * or dropped because a person wrote something before it ran: not that step again. Secrets that the agent's
 * context redacts are removed from everything.
 */
export function collectCorrections(thread: StoredThread, agent: Agent): CollectedCase[] {
  const whole = threadOf(thread.id, thread.events);
  const hide = (text: string) => agent.context.hide(text, whole);
  // As people read them: that hides more than the model is kept from, such as the arguments on an approver's card.
  const { events } = agent.context.forPeople(thread.events);
  return decisionsIn(thread).flatMap(({ event, before, threadId }): CollectedCase[] => {
    const correction = correctionOf(events[event.seq - 1], events);
    if (correction === undefined) return [];
    const expect = mapTexts(toJson(correction.expect), hide);
    return [
      {
        name: `${threadId} event ${event.seq}`,
        agent: thread.agent,
        review: true,
        note: hide(correction.note),
        expect: isJsonObject(expect) ? expect : {},
        events: events.slice(0, before.length).map((one) => mapTexts(withoutRaw(toJson(one)), hide)),
      },
    ];
  });
}

/** The text of earlier answers is not read again: their steps are. */
function withoutRaw(event: Json): Json {
  if (!isJsonObject(event) || !isJsonObject(event["data"] ?? null)) return event;
  const data: Json = event["data"] ?? null;
  if (!isJsonObject(data) || !isJsonObject(data["completion"] ?? null)) return event;
  const completion: Json = data["completion"] ?? null;
  return {
    ...event,
    data: { ...data, completion: { ...(isJsonObject(completion) ? completion : {}), raw: "" } },
  };
}

interface Correction {
  readonly note: string;
  readonly expect: Expectation;
}

function correctionOf(
  event: ThreadEvent | undefined,
  events: readonly ThreadEvent[],
): Correction | undefined {
  if (event?.type !== "step_proposed") return undefined;
  const { callId, step } = event.data;
  let said: string | undefined;
  for (const later of events.slice(event.seq)) {
    if (later.type === "message_received") said = later.data.text;
    if (later.type === "human_responded" && later.data.callId === callId) {
      const { decision } = later.data;
      if (decision.kind === "denied" && decision.feedback.trim() !== "") {
        return { note: `denied: ${decision.feedback}`, expect: { not: sameStep(step) } };
      }
      if (decision.kind === "approved" && decision.editedStep !== undefined) {
        return {
          note: `edited: ${canonicalJson(step)} became ${canonicalJson(decision.editedStep)}`,
          expect: editedFields(step, decision.editedStep),
        };
      }
      return undefined;
    }
    if (later.type === "steps_dropped" && later.data.callIds?.includes(callId) === true) {
      return said === undefined
        ? undefined
        : { note: `replaced after: ${said}`, expect: { not: sameStep(step) } };
    }
    if (later.type === "tool_started" && later.data.callId === callId) return undefined;
  }
  return undefined;
}

function sameStep({ intent, ...fields }: Step): Expectation {
  const wanted = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, equalTo(value)]));
  return Object.keys(wanted).length === 0 ? { intent } : { intent, fields: wanted };
}

/** What the person changed; the rest is the model's to word. */
function editedFields(before: Step, { intent, ...fields }: Step): Expectation {
  const changed = Object.entries(fields).filter(
    ([name, value]) => canonicalJson(before[name] ?? null) !== canonicalJson(value),
  );
  const wanted = Object.fromEntries(changed.map(([name, value]) => [name, equalTo(value)]));
  return changed.length === 0 ? { intent } : { intent, fields: wanted };
}

/** An object would be read as operators. */
function equalTo(value: Json): Json {
  return isJsonObject(value) ? { equals: value } : value;
}

function mapTexts(json: Json, change: (text: string) => string): Json {
  if (typeof json === "string") return change(json);
  if (isJsonArray(json)) return json.map((one) => mapTexts(one, change));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, mapTexts(value, change)]));
}
