import { BAML_MARKER } from "../blocks/baml-markers.ts";
import { MARKER_NAME, ROLE_MARKER } from "../blocks/role-markers.ts";

// Invisible characters that may hide between `<` and a name. No overlap with white space, so that the patterns
// stay linear.
const INVISIBLE = "[[\\p{Cf}\\p{Cc}\\p{Mn}\\u2800]--\\s]";

// A mail address in angle brackets: an `@` stands in no tag, and nothing closes it.
const MAIL_ADDRESS = "[\\w.+\\-]{1,64}@(?:[A-Za-z0-9\\-]{1,63}\\.){1,8}[A-Za-z]{2,24}>";

const TO_ESCAPE = new RegExp(
  [
    // A `<` or a lookalike that could begin a tag, even after spaces; not `a < b`, `x <- 3` or `<3`.
    `(?:[\\uFF1C\\uFE64]|<(?!${MAIL_ADDRESS}))(?=${INVISIBLE}*[\\p{L}_:\\|!?\\/])`,
    `[<\\uFF1C\\uFE64](?=[${INVISIBLE}\\s]*(?:\\/|[\\p{L}_:][\\w:.\\-]{0,64}\\s*>))`,
    // An `&` that would read as one of our escapes; not `AT&T` or `&nbsp;`.
    "&(?=(?:lt|amp|#x[0-9A-F]{1,6});)",
    // Visible to models but not to people: controls, bidi overrides, Unicode tag characters. UTF-8 cannot hold
    // surrogates.
    "[[\\p{Cc}\\p{Cs}\\u202A-\\u202E\\u2066-\\u2069\\u{E0000}-\\u{E007F}]--[\\n\\r\\t]]",
    ROLE_MARKER,
  ].join("|"),
  "gv",
);

/**
 * Text that cannot contain the beginning or the end of any tag. Ordinary text stays as it is (`a < b`, `AT&T`);
 * `unescapeText` returns exactly the original.
 */
export function escapeText(text: string): string {
  return text.replace(TO_ESCAPE, (found) => {
    if (found === "<") return "&lt;";
    if (found === "&") return "&amp;";
    return reference(found);
  });
}

/** The inverse of `escapeText`. */
export function unescapeText(text: string): string {
  return text.replace(/&(?:lt|amp|#x([0-9A-F]{1,6}));/g, (found, hex: string | undefined) => {
    if (hex === undefined) return found === "&lt;" ? "<" : "&";
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : found;
  });
}

// `:hex:` ends with a colon, so `baml-start-` must not follow it.
const NOT_IN_TAG = new RegExp(`[^A-Za-z0-9_.\\-]|${BAML_MARKER}|b(?=aml-(?:start|end)-)`, "gu");

/** A name as a tag: letters, digits, `_`, `.` and `-` stay; every other character becomes `:hex:`. */
export function escapeTag(name: string): string {
  const escaped = name.replace(NOT_IN_TAG, hexName).replace(/^[0-9.-]/, hexName);
  return escaped === "" || MARKER_NAME.test(escaped) ? `::${escaped}` : escaped;
}

/** The inverse of `escapeTag`. */
export function unescapeTag(tag: string): string {
  return tag.replace(/:([0-9a-f]*):/g, (_found, hex: string) =>
    hex === "" ? "" : String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

/** A text as the value of an attribute in double quotes. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replace(/["\r\n\u2028\u2029]|<|>/g, reference);
}

function reference(char: string): string {
  return `&#x${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()};`;
}

function hexName(char: string): string {
  return `:${(char.codePointAt(0) ?? 0).toString(16)}:`;
}
