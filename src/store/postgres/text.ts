/*
 * Text as PostgreSQL can hold it: without NUL and lone surrogates. These are escaped with a backslash, and a backslash
 * is doubled, so nearly every text is stored unchanged.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it looks for.
const UNPLAIN = /[\\\u0000]|\p{Surrogate}/gu;

/** Encodes a text for a column. */
export function encodeText(text: string): string {
  return text.replace(UNPLAIN, (character) =>
    character === "\\" ? "\\\\" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Decodes the text of a column. */
export function decodeText(stored: string): string {
  return stored.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, digits: string | undefined) =>
    digits === undefined ? "\\" : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
