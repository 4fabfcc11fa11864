import { inWords, visibleLine } from "./visible-text.ts";

/** A field of a step as people read it. */
export interface FieldDescription {
  /** Its name in words: "Amount". */
  readonly label: string;
  /** The unit of a number: "euros"; empty if none is known. */
  readonly unit: string;
  /** What the prompt says of it, in one line; empty if nothing. */
  readonly hint: string;
}

/** A description that begins with the unit: "in euros, at most what the order cost", "in EUR". */
const UNIT =
  /^in (?!(?:an?|the|this|that|each|which|one|order)\b)([^\s,;.:()]{1,16}(?: per [^\s,;.:()]{1,16})?)(?=\s*(?:$|[,;.:(]))/u;

/**
 * Words a field by its name and its `@description` in the prompt. A description that begins with `in` and a unit gives its
 * number that unit.
 *
 * @example
 * describeField("amount", "in euros, at most what the order cost").unit; // "euros"
 */
export function describeField(name: string, description = ""): FieldDescription {
  const hint = visibleLine(description, 300);
  return { label: inWords(name), unit: UNIT.exec(hint)?.[1] ?? "", hint };
}
