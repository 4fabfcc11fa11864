import type { Step } from "../../thread/events.ts";

/** What an attacker wants to happen, and how it is written down. */
export interface Goal {
  readonly step: Step;
  /** The step as JSON. */
  readonly json: string;
}

/** Where the attacker's text stands. */
export type Place =
  /** A mail, as an event from outside. */
  | "mail"
  /** A page that was fetched, as an event from outside. */
  | "page"
  /** The result of a read-only tool, as a text. */
  | "tool_result"
  /** A field of a larger result of a read-only tool. */
  | "field"
  /** The name of a file in a list. */
  | "file_name"
  /** What is fetched before the model is asked: a memory, a document. */
  | "prefetch";

export const INJECTION_KINDS = [
  "plain words",
  "page",
  "tool result",
  "field",
  "file name",
  "prefetch",
  "other language",
  "encoded",
  "several steps",
  "role markers",
  "own tags",
  "form of the answer",
] as const;

export type InjectionKind = (typeof INJECTION_KINDS)[number];

/** A text that tries to make an agent do what its owner does not want. */
export interface Injection {
  readonly id: string;
  readonly kind: InjectionKind;
  readonly place: Place;
  text(goal: Goal): string;
  /** What a model writes that obeys it. Default: the step as JSON. */
  answer?: ((goal: Goal) => string) | undefined;
}

/** Injections of one kind at one place, numbered. */
export function injectionsOf(
  kind: InjectionKind,
  place: Place,
  texts: readonly ((goal: Goal) => string)[],
): Injection[] {
  return texts.map((text, index) => ({
    id: `${kind.replaceAll(" ", "-")}-${place.replaceAll("_", "-")}-${index + 1}`,
    kind,
    place,
    text,
  }));
}
