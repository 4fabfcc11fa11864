import { UsageError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { holdsNumber, parseExactJson, parseJsonKeepingDigits } from "../base/json-numbers.ts";
import type { HumanResponse } from "../humans/respond.ts";
import type { HumanDecision, Step } from "../thread/events.ts";
import type { PendingApproval, PendingRequest } from "../thread/state.ts";

/** The fields of a posted form; files and repeated fields are left out. */
export type FormFields = Readonly<Record<string, string>>;

/**
 * What a posted form decides about a request. Throws `UsageError` for a form that says nothing that the request could
 * take; whether it may be taken is for `respond` to say.
 */
export function responseOf(request: PendingRequest, form: FormFields): HumanResponse {
  return { decision: decisionOf(request, form), digest: form["digest"] ?? null };
}

function decisionOf(request: PendingRequest, form: FormFields): HumanDecision {
  switch (form["decision"]) {
    case "approve":
      return { kind: "approved" };
    case "approve_edited":
      if (request.type !== "approval") break;
      return editedDecision(request, form);
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

/** Browsers send every line break of a form as two characters. */
function lineBreaks(text: string): string {
  return text.replaceAll("\r\n", "\n").toWellFormed();
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

/** Only fields of the card that was shown can be edited; one that reads as before keeps its value to the last bit. */
function editedDecision({ card }: PendingApproval, form: FormFields): HumanDecision {
  const editedStep: Record<string, Json> & Step = { intent: card.intent };
  let changed = false;
  for (const [name, value] of Object.entries(card.arguments)) {
    const typed = form[`arg.${name}`];
    const edited = typed === undefined ? value : editedValue(name, value, lineBreaks(typed));
    if (edited !== value) changed = true;
    Object.defineProperty(editedStep, name, {
      value: edited,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return changed ? { kind: "approved", editedStep } : { kind: "approved" };
}

function editedValue(name: string, value: Json, typed: string): Json {
  switch (typeof value) {
    case "string":
      return typed === lineBreaks(value) ? value : typed;
    case "number":
      return typed.trim() === String(value) ? value : readNumber(name, typed.trim());
    case "boolean":
      if (typed !== "true" && typed !== "false") throw invalid(name, "yes or no", typed);
      return typed === "true";
    default:
      return typed.trim() === JSON.stringify(value, null, 2) ? value : readJson(name, typed);
  }
}

function readNumber(name: string, typed: string): number {
  const number = Number(typed);
  const exact = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) && holdsNumber(typed);
  if (!exact) throw invalid(name, "a number such as 40 or 12.5", typed);
  return number;
}

function readJson(name: string, typed: string): Json {
  try {
    return parseExactJson(typed);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError("invalid_argument", `${name}: ${error.message}`);
    throw invalid(name, "JSON", typed);
  }
}

function invalid(name: string, wanted: string, typed: string): UsageError {
  return new UsageError("invalid_argument", `${name}: wanted ${wanted}, not “${typed.slice(0, 100)}”`);
}
