import { isFields, isList } from "./compare.ts";

/** A value of JSON as a message names it: short, and on one line. */
export function inWords(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (isList(value)) return "a list";
  return isFields(value) ? "an object" : cut(String(value));
}

export function cut(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** What was wrong with a value that a person wrote: a refusal without what tells a model how to answer. */
export function faultIn(refusal: string): string {
  return refusal
    .replace(/(?:^| )(?:After (?:it|them), a|A)nswer (?:again|brief|with)[^"]*$/, "")
    .replace("The answer does not fit the expected form. ", "")
    .replace(/^The answer\b/, "it")
    .replace(/\.$/, "");
}
