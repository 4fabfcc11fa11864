import { UsageError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { parseJsonKeepingDigits } from "../base/json-numbers.ts";
import type { HumanResponse } from "../humans/respond.ts";
import type { HumanDecision } from "../thread/events.ts";
import type { PendingRequest } from "../thread/state.ts";
import { type EditedFields, editedStepOf, lineBreaks } from "./edit-form.ts";

/** The fields of a posted form; files and repeated fields are left out. */
export type FormFields = Readonly<Record<string, string>>;

/**
 * What a posted form decides about a request. Throws `UsageError` for a form that says nothing that the request could
 * take; whether it may be taken is for `respond` to say.
 */
export function responseOf(request: PendingRequest, form: FormFields, fields?: EditedFields): HumanResponse {
  return { decision: decisionOf(request, form, fields), digest: form["digest"] ?? null };
}

function decisionOf(
  request: PendingRequest,
  form: FormFields,
  fields: EditedFields | undefined,
): HumanDecision {
  switch (form["decision"]) {
    case "approve":
      return { kind: "approved" };
    case "approve_edited": {
      if (request.type !== "approval") break;
      const editedStep = editedStepOf(request.card, form, fields);
      return editedStep === undefined ? { kind: "approved" } : { kind: "approved", editedStep };
    }
    case "deny":
    case "stop":
    case "give_up": {
      const { option } = form;
      if (option !== undefined) return { kind: "denied", option, feedback: "" };
      const feedback = requiredText(form, "feedback", "say why, so that the agent can do better");
      return { kind: "denied", feedback };
    }
    case "answer":
      return { kind: "answered", text: requiredText(form, "text", "the answer is empty") };
    case "go_on": {
      const text = lineBreaks(form["text"] ?? "").trim();
      return text === "" ? { kind: "approved" } : { kind: "answered", text };
    }
    case "happened":
      return { kind: "happened", result: looseJson(lineBreaks(form["result"] ?? "")) };
    case "did_not_happen":
      return { kind: "did_not_happen" };
    default:
  }
  throw new UsageError("invalid_argument", "the form does not say what to do; use one of its buttons");
}

function requiredText(form: FormFields, field: string, otherwise: string): string {
  const text = lineBreaks(form[field] ?? "").trim();
  if (text === "") throw new UsageError("invalid_argument", otherwise);
  return text;
}

/** Reads a result as JSON if it is JSON, or else as text; an empty one is `null`. */
function looseJson(text: string): Json {
  if (text.trim() === "") return null;
  try {
    return parseJsonKeepingDigits(text);
  } catch {
    return text;
  }
}
