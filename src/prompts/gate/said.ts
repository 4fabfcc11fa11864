import { REMOVED } from "./thinking.ts";

/** What of a completion can be seen, and where in it the values stand. */
export interface Said {
  /** The completion without the model's thoughts, otherwise as the model wrote it. Untrusted, and of any length. */
  readonly text: string;
  /** Where in `text` the JSON of the values stands, in order, each from its first character to after its last. */
  readonly json: readonly Range[];
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Drops the marks of removed thoughts, outside the values as well as inside them. */
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
 * The model's own words: what can be seen of the completion, with `stand` where JSON of a value was. Without words it is
 * `""`. Untrusted text of any length: who shows it to a person or a model cuts and escapes it.
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
