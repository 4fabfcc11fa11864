import type { Agent } from "../agent/agent.ts";
import { hidesContent, meantStep } from "../agent/shown-thread.ts";
import { canonicalJson, isJsonArray, isJsonObject, type Json, toJson } from "../base/json.ts";
import type { ValidateEdit } from "../humans/respond.ts";
import { faultIn } from "../prompts/gate/in-words.ts";
import type { Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { writtenStep } from "./edit-type.ts";

/**
 * Makes the check of approvers' edits. An edit that has the fields of its type goes through the same parser as
 * the model's output and must come out unchanged: exactly the BAML type, with nothing coerced, lost or added.
 */
export function validateEdit(agent: Agent, thread: Pick<Thread, "events">): ValidateEdit {
  return (edited: Step) => {
    const step = writtenStep(edited, agent.nextStep);
    if ("problem" in step) return step;
    const answer = agent.nextStep.parse(JSON.stringify(step.written), thread);
    if (!answer.ok) return { problem: faultIn(answer.message) };
    const parsed = toJson(answer.value);
    if (!isJsonObject(parsed) || parsed["intent"] !== edited.intent)
      return { problem: "it is not a step of this agent" };
    if (answer.fidelity.grade !== "exact" || answer.more.length > 0 || !sameFields(parsed, edited)) {
      return {
        problem: `it does not fit the type of ${edited.intent}; that would be ${canonicalJson(parsed).slice(0, 1_000)}`,
      };
    }
    return { step: { ...parsed, intent: edited.intent } };
  };
}

/**
 * Makes the same check for edits of what people read: the step that is meant, with what is hidden put back. What is wrong is said
 * of the edit as it was typed, because the words quote it.
 */
export function validateShownEdit(agent: Agent, thread: Thread): ValidateEdit {
  const validate = validateEdit(agent, thread);
  return (edited: Step) => {
    const meant = validate(meantStep(thread, agent, edited));
    if (!("problem" in meant) || !hidesContent(agent)) return meant;
    const typed = validate(edited);
    return "problem" in typed ? typed : { problem: `it does not fit the type of ${edited.intent}` };
  };
}

/** Compares the fields; the parser returns absent optional fields as `null`, at any depth. */
function sameFields(parsed: Json, edited: Json): boolean {
  return canonicalJson(withoutNulls(parsed)) === canonicalJson(withoutNulls(edited));
}

function withoutNulls(value: Json): Json {
  if (isJsonArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => (field === null ? [] : [[name, withoutNulls(field)]])),
  );
}
