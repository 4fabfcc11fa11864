/**
 * Characters that nobody sees but that change what people read: control characters other than tab and line break,
 * bidirectional overrides and isolates, zero-width and tag characters, line separators.
 */
const HIDDEN = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--[\t\n]]/gv;

/**
 * A text as an approver may be shown it: hidden characters become visible code points such as `[U+202E]`, so that an
 * amount or an address cannot look like another one. Lone surrogates become the replacement character.
 */
export function visible(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .toWellFormed()
    .replace(HIDDEN, (hidden) => {
      const code = hidden.codePointAt(0) ?? 0;
      return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
    });
}

/** A name as code writes it (`request_more_information`) in words: "Request more information". */
export function inWords(name: string): string {
  const words = visible(name).replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The text cut to a number of characters, with an ellipsis where something is missing. */
export function clipped(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}

/** A number with its word: "1 step", "3 steps". */
export function counted(count: number, word: string): string {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}
