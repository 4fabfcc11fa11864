/*
 * Text as PostgreSQL can hold it: no NUL, no half of a surrogate pair. What it cannot hold is escaped with a backslash, and
 * a backslash is doubled, so that nearly every text stands in the tables as it is.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it looks for.
const UNPLAIN = /[\\\u0000]|\p{Surrogate}/gu;

/** A text for a column. */
export function encodeText(text: string): string {
  return text.replace(UNPLAIN, (character) =>
    character === "\\" ? "\\\\" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text that a column holds. */
export function decodeText(stored: string): string {
  return stored.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, digits: string | undefined) =>
    digits === undefined ? "\\" : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
