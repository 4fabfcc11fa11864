/**
 * Invisible characters that change what people read: controls other than tab and line break, bidirectional overrides
 * and isolates, zero-width and tag characters, line separators, fillers, blanks other than the space, variation
 * selectors, and code points that Unicode has not assigned or leaves to private use.
 */
const HIDDEN =
  "[[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\u2800\\u{16FE4}\\u{1D159}]--[\\t\\n]]";
/** Inside an emoji, they are part of what people see: ❤️, 👩‍🚀, 1️⃣. */
const IN_EMOJI = [
  "(?<=\\p{Extended_Pictographic}(?:\\uFE0F|\\p{Emoji_Modifier})?)\\u200D(?=\\p{Extended_Pictographic})",
  "(?<=\\p{Extended_Pictographic})\\uFE0F",
  "(?<=[#*0-9])\\uFE0F(?=\\u20E3)",
].join("|");
const PATTERN = new RegExp(`(${IN_EMOJI})|${HIDDEN}+`, "gv");
/** Most texts hold nothing else, and stay as they are. */
const PLAIN = /^[\n\x20-\x7e]*$/;

/**
 * A text from a model, a tool or a person in a form that is safe to show to an approver, in a terminal, on a page or in
 * a file. Characters that could move a cursor, recolour, reorder or hide something become visible code points such as
 * `[U+202E]`, so that an amount or an address cannot look like another one. Line breaks and tabs stay; lone surrogates
 * become U+FFFD.
 *
 * @example
 * visible("pay 5\u001b[2K"); // "pay 5[U+001B][2K"
 */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .toWellFormed()
    .replaceAll("\r\n", "\n")
    .replace(PATTERN, (hidden, inEmoji: string | undefined) =>
      inEmoji === undefined ? Array.from(hidden, codePoint).join("") : hidden,
    );
}

function codePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}

/** `visible` on one line, at most `limit` characters. */
export function visibleLine(text: string, limit = 200): string {
  return clip(visible(text).replace(/\s+/gu, " ").trim(), limit);
}

/** A JSON value on one visible line, in a form for people: strings without quotes. `undefined` gives an empty line. */
export function visibleValue(value: unknown, limit = 200): string {
  return visibleLine(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), limit);
}

/** `a=3 b=4`, on one visible line. */
export function visibleFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${visibleLine(name)}=${visibleLine(JSON.stringify(value) ?? "")}`)
    .join(" ");
}

/** A name as code writes it (`request_more_information`) in words: "Request more information". */
export function inWords(name: string): string {
  const words = visibleLine(name, 1000).replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The text cut to a number of characters, with an ellipsis if something is missing. */
export function clip(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}

/** A number with its noun: "1 step", "3 steps". */
export function countOf(count: number, word: string): string {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}
