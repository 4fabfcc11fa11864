import { canonicalJson, toJson } from "../base/json.ts";
import type { StepField, StepFields } from "../prompts/baml/step-fields.ts";
import type { Step } from "../thread/events.ts";

/** What a prompt function tells about its steps. */
interface Declared {
  readonly intents?: readonly string[] | undefined;
  readonly stepFields?: StepFields | undefined;
}

/**
 * The first thing in an edited step that its declared type rules out, looked for without the native parser, which takes long
 * over values of other types. `undefined` if there is none, or if the types are known only at run time.
 */
export function findMisfit(edited: Step, { intents, stepFields }: Declared): string | undefined {
  if (intents === undefined) return undefined;
  if (!intents.includes(edited.intent)) return "it is not a step of this agent";
  const fields = stepFields?.get(edited.intent);
  if (fields === undefined) return undefined;
  const misfit = `it does not fit the type of ${edited.intent}`;
  for (const [name, value] of Object.entries(edited)) {
    if (name === "intent" || value === null || value === undefined) continue;
    const field = fields.get(name);
    if (field === undefined) return `${misfit}: it has no field ${JSON.stringify(name.slice(0, 60))}`;
    if (FITS[field.kind](value, field)) continue;
    const wanted =
      field.choices.length > 0 ? field.choices.map((one) => JSON.stringify(one)) : [WANTED[field.kind]];
    return `${misfit}: ${name} must be ${wanted.join(" or ")}, not ${canonicalJson(toJson(value)).slice(0, 200)}`;
  }
  const missing = [...fields].find(([name, { optional }]) => !optional && (edited[name] ?? null) === null);
  return missing === undefined ? undefined : `${misfit}: ${missing[0]} is missing`;
}

const isText = (value: unknown): boolean => typeof value === "string";

const FITS: { readonly [Kind in StepField["kind"]]: (value: unknown, field: StepField) => boolean } = {
  text: isText,
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  choice: (value, { choices }) => isText(value) && choices.includes(String(value)),
  texts: (value) => Array.isArray(value) && value.every(isText),
  other: () => true,
};

const WANTED: { readonly [Kind in StepField["kind"]]: string } = {
  text: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  choice: "one of its values",
  texts: "a list of texts",
  other: "of its type",
};
