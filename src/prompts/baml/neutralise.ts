import { UsageError } from "../../base/errors.ts";

// Any of these may be cut in two by the prompt's template (`{{ first }}{{ second }}`), so that neither argument
// holds a whole marker. Whatever the cut, one side of it holds one of these pieces.
const PIECES = /BAML_(CHAT_ROLE|MEDIA)|_MAGIC(?=_STRING_DELIMITER)|:baml(?=-(?:start|end)-)/g;

/**
 * The text without BAML's own markers for roles and media, which would otherwise turn a user's text into a system
 * message or an image. An underscore or colon in them becomes a hyphen; every other text is returned unchanged.
 */
export function neutraliseText(text: string): string {
  // Three searches for a constant are much faster than one regular expression on long threads.
  const clean = !text.includes("BAML_") && !text.includes("_MAGIC_STRING") && !text.includes(":baml-");
  return clean ? text : text.replace(PIECES, (piece) => piece.replace(/[_:]/g, "-"));
}

/**
 * Neutralises every string in a function's arguments, including those in lists, objects and class instances, and the
 * keys of maps. Values without a marker are returned unchanged, not copied. Images and other media are opaque and pass
 * unchanged: a marker in an address spoils the image but cannot start a role. Throws `UsageError` for values nested too
 * deep to be an argument (cycles, for instance).
 */
export function neutralise(value: unknown): unknown {
  return walk(value, 0);
}

// BAML's types are trees; a cycle would overflow the stack of the native code.
const MAX_DEPTH = 200;

function walk(value: unknown, depth: number): unknown {
  if (typeof value === "string") return neutraliseText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) {
    const message = `an argument is nested more than ${MAX_DEPTH} levels deep, or refers to itself`;
    throw new UsageError("invalid_argument", message);
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => walk(item, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value);
  const cleaned = entries.map(([key, item]) => [neutraliseText(key), walk(item, depth + 1)] as const);
  const changed = cleaned.some(
    ([key, item], index) => key !== entries[index]?.[0] || item !== entries[index]?.[1],
  );
  return changed ? Object.fromEntries(cleaned) : value;
}

/** True if an argument holds an image or other media, which BAML may have to fetch while it builds the request. */
export function holdsMedia(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsMedia);
  // BAML's media have no prototype and no properties; anything else like that is taken for media too.
  return Object.getPrototypeOf(value) === null || Object.values(value).some(holdsMedia);
}
