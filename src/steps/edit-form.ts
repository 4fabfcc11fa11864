import { UsageError } from "../base/errors.ts";
import { isJsonArray, type Json } from "../base/json.ts";
import { holdsNumber, parseExactJson } from "../base/json-numbers.ts";
import type { StepField } from "../prompts/baml/step-fields.ts";
import type { ApprovalCard, Step } from "../thread/events.ts";
import type { FormFields } from "./form-decision.ts";

/** What is known of the fields of a step that is edited. */
export interface EditedFields {
  /** As the prompt declares them. */
  readonly declared?: ReadonlyMap<string, StepField> | undefined;
}

/** Browsers send every line break of a form as two characters. */
export function lineBreaks(text: string): string {
  return text.replaceAll("\r\n", "\n").toWellFormed();
}

/** How a field of a step is edited. */
export type FieldForm =
  | { readonly kind: "text"; readonly long: boolean }
  | { readonly kind: "number"; readonly whole: boolean }
  | { readonly kind: "date" }
  | {
      readonly kind: "choice";
      readonly choices: readonly { readonly value: string; readonly label: string }[];
    }
  /** Texts, one on each line. */
  | { readonly kind: "lines" }
  | { readonly kind: "json" };

const LONG = 80;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const YES_NO = [
  { value: "true", label: "yes" },
  { value: "false", label: "no" },
] as const;
const NONE = { value: "", label: "none" } as const;

/** The form that fits a value and what the prompt declares of its field. Pure. */
export function formOfField(value: Json, field: StepField | undefined): FieldForm {
  const none = field?.optional === true ? [NONE] : [];
  if (typeof value === "boolean" || (value === null && field?.kind === "boolean"))
    return { kind: "choice", choices: [...none, ...YES_NO] };
  if (field?.kind === "choice" && (typeof value === "string" || value === null)) {
    const known = [...new Set([...field.choices, ...(value === null ? [] : [value])])];
    return {
      kind: "choice",
      choices: [...none, ...known.map((choice) => ({ value: choice, label: choice }))],
    };
  }
  if (typeof value === "number" || (value === null && isNumber(field)))
    return { kind: "number", whole: field?.kind === "integer" };
  if (typeof value === "string" && DATE.test(value)) return { kind: "date" };
  if (typeof value === "string" || (value === null && field?.kind === "text"))
    return { kind: "text", long: value !== null && (value.includes("\n") || value.length >= LONG) };
  const isLines = isJsonArray(value) && value.every((one) => typeof one === "string" && isLine(one));
  return field?.kind === "texts" && isLines ? { kind: "lines" } : { kind: "json" };
}

function isNumber(field: StepField | undefined): boolean {
  return field?.kind === "number" || field?.kind === "integer";
}

function isLine(text: string): boolean {
  return text !== "" && text.trim() === text && !/[\r\n]/.test(text);
}

/** The value as its form shows it. */
export function textOfField(value: Json, form: FieldForm): string {
  if (value === null) return form.kind === "json" ? "null" : "";
  if (form.kind === "lines" && isJsonArray(value)) return value.join("\n");
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/**
 * The step with the fields that were typed in; the same object for each value that reads as before, and `undefined` if all
 * do. Only fields of the card can be edited. Throws `UsageError` for what does not fit a field.
 */
export function editedStepOf(
  card: ApprovalCard,
  form: FormFields,
  { declared }: EditedFields = {},
): Step | undefined {
  const editedStep: Record<string, Json> & Step = { intent: card.intent };
  let changed = false;
  for (const [name, value] of Object.entries(card.arguments)) {
    const typed = form[`arg.${name}`];
    const field = declared?.get(name);
    const edited = typed === undefined ? value : editedValue(name, value, lineBreaks(typed), field);
    if (edited !== value) changed = true;
    Object.defineProperty(editedStep, name, {
      value: edited,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return changed ? editedStep : undefined;
}

function editedValue(name: string, value: Json, typed: string, field: StepField | undefined): Json {
  const form = formOfField(value, field);
  const before = lineBreaks(textOfField(value, form));
  if (typed === before || (form.kind !== "text" && typed.trim() === before)) return value;
  if (typed.trim() === "" && field?.optional === true && form.kind !== "text") return null;
  switch (form.kind) {
    case "text":
      return typed;
    case "date":
      if (typed !== "" && !DATE.test(typed)) throw invalid(name, "a date such as 2026-01-31", typed);
      return typed;
    case "number":
      return readNumber(name, typed.trim());
    case "choice":
      return choiceFrom(name, typed, form.choices, typeof value === "boolean" || field?.kind === "boolean");
    case "lines":
      return typed
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "");
    case "json":
      return readJson(name, typed);
    default:
      return form satisfies never;
  }
}

function choiceFrom(
  name: string,
  typed: string,
  choices: Extract<FieldForm, { kind: "choice" }>["choices"],
  isBoolean: boolean,
): Json {
  if (!choices.some(({ value }) => value === typed))
    throw invalid(name, choices.map(({ label }) => label).join(" or "), typed);
  return isBoolean ? typed === "true" : typed;
}

/** The longest number that is read, in characters. */
const MAX_NUMBER = 1_000;

function readNumber(name: string, typed: string): number {
  const number = Number(typed);
  const exact =
    typed.length <= MAX_NUMBER &&
    /^[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(typed) &&
    holdsNumber(typed);
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
