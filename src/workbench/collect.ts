import type { Agent } from "../agent/agent.ts";
import { canonicalJson, isJsonArray, isJsonObject, type Json, toJson } from "../base/json.ts";
import type { Step, ThreadEvent } from "../thread/events.ts";
import { withoutReasons } from "../thread/reasons.ts";
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
 * or dropped because a person wrote something before it ran: not that step again. Each step of an answer is looked at. Secrets that the agent's
 * context redacts are removed from everything.
 */
export function collectCorrections(thread: StoredThread, agent: Agent): CollectedCase[] {
  const whole = threadOf(thread.id, thread.events);
  const hide = (text: string) => agent.context.hide(text, whole);
  // As people read them: that hides more than the model is kept from, such as the arguments on an approver's card.
  const { events } = agent.context.forPeople(thread.events);
  return decisionsIn(thread).flatMap(({ steps, before, threadId }): CollectedCase[] => {
    const proposed = steps.flatMap((one) => one.proposed ?? []);
    return proposed.flatMap(({ seq }): CollectedCase[] => {
      const several = proposed.length > 1;
      const correction = correctionOf(seq, { events, unredacted: thread.events, several, hide });
      if (correction === undefined) return [];
      return [
        {
          name: `${threadId} event ${seq}`,
          agent: thread.agent,
          review: true,
          note: hide(correction.note),
          expect: correction.expect,
          events: events.slice(0, before.length).map((one) => mapTexts(withoutRaw(toJson(one)), hide)),
        },
      ];
    });
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

interface CorrectedIn {
  /** As the model reads them. */
  readonly events: readonly ThreadEvent[];
  readonly unredacted: readonly ThreadEvent[];
  /** Whether the answer holds several steps. */
  readonly several: boolean;
  readonly hide: (text: string) => string;
}

function correctionOf(
  seq: number,
  { events, unredacted, several, hide }: CorrectedIn,
): Correction | undefined {
  const event = events[seq - 1];
  const real = unredacted[seq - 1];
  if (event?.type !== "step_proposed" || real?.type !== "step_proposed") return undefined;
  const { callId, step } = event.data;
  const notThatStep = (note: string): Correction => {
    const { expect, hidden } = fieldsOf(withoutReasons(step), { real: real.data.step, hide });
    return { note: note + aboutHidden(hidden), expect: { not: expect } };
  };
  let said: string | undefined;
  for (const [at, later] of events.entries()) {
    if (at < seq) continue;
    if (later.type === "message_received") said = later.data.text;
    if (later.type === "human_responded" && later.data.callId === callId) {
      const { decision } = later.data;
      if (decision.kind === "denied" && decision.feedback.trim() !== "")
        return notThatStep(`denied: ${decision.feedback}`);
      if (decision.kind !== "approved" || decision.editedStep === undefined) return undefined;
      const response = unredacted[at];
      const edited =
        response?.type === "human_responded" && response.data.decision.kind === "approved"
          ? response.data.decision.editedStep
          : undefined;
      const { expect, hidden } = fieldsOf(decision.editedStep, {
        real: edited ?? decision.editedStep,
        hide,
        before: real.data.step,
      });
      const note = `edited: ${canonicalJson(step)} became ${canonicalJson(decision.editedStep)}`;
      return { note: note + aboutHidden(hidden), expect: several ? { anyStep: expect } : expect };
    }
    if (later.type === "steps_dropped" && later.data.callIds?.includes(callId) === true)
      return said === undefined ? undefined : notThatStep(`replaced after: ${said}`);
    if (later.type === "tool_started" && later.data.callId === callId) return undefined;
  }
  return undefined;
}

interface FieldsFrom {
  /** The step as it is without the agent's redaction. */
  readonly real: Step;
  readonly hide: (text: string) => string;
  /** Only what differs from this step. */
  readonly before?: Step | undefined;
}

/**
 * A step as an expectation. A field that is redacted is left out: an answer holds the secret itself, so that it would never
 * be equal.
 */
function fieldsOf(
  { intent, ...fields }: Step,
  { real, hide, before }: FieldsFrom,
): { readonly expect: Expectation; readonly hidden: readonly string[] } {
  const hidden: string[] = [];
  const wanted: Record<string, Json> = {};
  const add = (path: string, [value, whole, was]: readonly [Json, Json, Json | undefined]): void => {
    const text = canonicalJson(whole);
    if (was !== undefined && canonicalJson(was) === text) return;
    if (canonicalJson(value) === text && hide(text) === text) {
      wanted[path] = equalTo(value);
    } else if (isJsonObject(value) && isJsonObject(whole)) {
      for (const [name, one] of Object.entries(value))
        add(`${path}.${name}`, [one, whole[name] ?? null, undefined]);
    } else {
      hidden.push(path);
    }
  };
  for (const [name, value] of Object.entries(fields))
    add(name, [value, real[name] ?? null, before && (before[name] ?? null)]);
  return { expect: Object.keys(wanted).length === 0 ? { intent } : { intent, fields: wanted }, hidden };
}

function aboutHidden(names: readonly string[]): string {
  return names.length === 0 ? "" : ` (not compared, since it is redacted: ${names.join(", ")})`;
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
