import { REMOVED } from "./thinking.ts";

/** The visible text of a completion, and where in it the values stand. */
export interface Said {
  /** The completion without the model's thoughts, otherwise as the model wrote it. Untrusted, and of any length. */
  readonly text: string;
  /** Where in `text` the JSON of each value stands, in order, from its first character to just after its last. */
  readonly json: readonly Range[];
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Drops the marks of removed thoughts, both outside and inside the values. */
export function saidOf(text: string, ranges: readonly Range[]): Said {
  if (!text.includes(REMOVED)) return { text, json: ranges.map(({ start, end }) => ({ start, end })) };
  let kept = "";
  let position = 0;
  const keep = (end: number): number => {
    kept += text.slice(position, end).replaceAll(REMOVED, "");
    position = end;
    return kept.length;
  };
  const json = ranges.map(({ start, end }) => ({ start: keep(start), end: keep(end) }));
  keep(text.length);
  return { text: kept, json };
}

/**
 * The model's own words: the visible text of the completion, with `stand` in place of each value's JSON. `""` if there
 * are none. Untrusted text of any length: whoever shows it to a person or a model must cut and escape it.
 */
export function wordsAround({ text, json }: Said, stand = "[JSON]"): string {
  let words = "";
  let position = 0;
  for (const { start, end } of json) {
    words += `${text.slice(position, start)}${stand}`;
    position = end;
  }
  words += text.slice(position);
  return words.replaceAll(stand, "").trim() === "" ? "" : words.trim();
}
