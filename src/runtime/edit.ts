import type { Agent } from "../agent/agent.ts";
import { canonicalJson, isJsonObject, toJson } from "../base/json.ts";
import type { ValidateEdit } from "../humans/respond.ts";
import type { Step } from "../thread/events.ts";

/**
 * Makes the check of approvers' edits. An edit goes through the same parser as the model's output and must come out
 * unchanged: exactly the BAML type, with nothing coerced, lost or added.
 */
export function validateEdit(agent: Agent): ValidateEdit {
  return (edited: Step) => {
    const answer = agent.nextStep.parse(JSON.stringify(edited));
    if (!answer.ok) return { problem: answer.message };
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

/** Compares the fields; the parser returns absent optional fields as `null`. */
function sameFields(parsed: Step | ReturnType<typeof toJson>, edited: Step): boolean {
  if (!isJsonObject(parsed)) return false;
  const withoutNulls = (value: Step | typeof parsed) =>
    Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
  return canonicalJson(withoutNulls(parsed)) === canonicalJson(withoutNulls(edited));
}
