import { isFields, isList } from "./compare.ts";
import { type Breach, tooLargeToParse } from "./limits.ts";
import { endOfString } from "./scan.ts";

/*
 * What a long text costs the native parser is its way there and back: 30 ms for 900,000 letters, 120 ms where they are not
 * ASCII. It does not look into a text where the type wants one: a stand-in of two characters goes instead.
 */

/** Characters of JSON below which nothing is replaced: no longer text goes to the parser as it is. */
export const LONGEST_AS_IT_IS = 40_000;
// Of the texts that are replaced in larger JSON.
const LONG_STRING = 64;

// Characters for private use are neither letters nor digits: the parser takes none of them for a word or a number.
const FIRST = 0xe000;
const BASE = 6_400;
const PRIVATE = /[\ue000-\uf8ff]/;
const WRITTEN_PRIVATE = /[\ue000-\uf8ff]|\\u(?:e|f[0-8])/i;

/** JSON to parse in place of another, and how to get from its value to that of the other. */
export interface Replaced {
  readonly text: string;
  /** Throws `RangeError` if the parser changed a stand-in, so that the text has no place in the type as it is. */
  readonly restore: (value: unknown) => unknown;
  /** The parser's error with the beginnings of the texts in place of their stand-ins. */
  readonly explain: (error: unknown) => unknown;
}

/**
 * Strict JSON with stand-ins for its long texts; `undefined` where it has none, is small, or holds characters that stand-ins
 * are made of. Keys stay as they are.
 */
export function withStandIns(json: string): Replaced | undefined {
  if (json.length <= LONGEST_AS_IT_IS || WRITTEN_PRIVATE.test(json)) return undefined;
  const parts: string[] = [];
  const texts = new Map<string, string>();
  let from = 0;
  for (let start = json.indexOf('"'); start >= 0; start = json.indexOf('"', start + 1)) {
    const end = endOfString(json, start);
    if (end - start > LONG_STRING && !isKey(json, end)) {
      const standIn = standInOf(texts.size);
      texts.set(standIn, String(JSON.parse(json.slice(start, end + 1))));
      parts.push(json.slice(from, start), JSON.stringify(standIn));
      from = end + 1;
    }
    start = end;
  }
  if (texts.size === 0) return undefined;
  return {
    text: parts.join("") + json.slice(from),
    restore: (value) => restoreTexts(value, texts),
    explain: (error) => explainTexts(error, texts),
  };
}

// Letters that the native parser may be given in one text; others count more.
const MAX_PARSED = 900_000;
const OTHER_BYTE = 4;

/** Why a text may not be given to the native parser as it is; `undefined` if it may. */
export function parsedBreach(text: string): Breach | undefined {
  const letters = text.length + OTHER_BYTE * (Buffer.byteLength(text) - text.length);
  return letters > MAX_PARSED ? tooLargeToParse(MAX_PARSED) : undefined;
}

function standInOf(index: number): string {
  return String.fromCharCode(FIRST + Math.floor(index / BASE), FIRST + (index % BASE));
}

function isKey(json: string, end: number): boolean {
  let next = end + 1;
  while (/\s/.test(json[next] ?? "")) next += 1;
  return json[next] === ":";
}

// As the parser prints them in an error: escaped once, or again and again, within each other's quotes.
const PRINTED = /(\\+)u\{([ef][0-9a-f]{3})\}\\+u\{([ef][0-9a-f]{3})\}/g;
const BEGINNING = 100;

function explainTexts(error: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof Error)) return error;
  const message = error.message.replace(PRINTED, (printed, backslashes: string, ...codes: unknown[]) => {
    const [first = 0, second = 0] = codes.slice(0, 2).map((code) => Number.parseInt(String(code), 16));
    let text = texts.get(String.fromCharCode(first, second))?.slice(0, BEGINNING);
    for (let count = backslashes.length; count >= 1 && text !== undefined; count /= 2)
      text = escapeRust(text);
    return text ?? printed;
  });
  return new Error(message);
}

function escapeRust(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/\\u([0-9a-f]{4})/g, "\\u{$1}");
}

function restoreTexts(value: unknown, texts: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") {
    const text = texts.get(value);
    if (text === undefined && PRIVATE.test(value)) throw new RangeError("a stand-in was changed");
    return text ?? value;
  }
  if (isList(value)) return value.map((item) => restoreTexts(item, texts));
  if (!isFields(value)) return value;
  for (const [key, item] of Object.entries(value)) {
    const whole = restoreTexts(item, texts);
    if (whole !== item) Reflect.set(value, key, whole);
  }
  return value;
}
