import { readJson } from "../../base/json.ts";

/** How deep and how large a text of JSON is, counted without parsing it. */
export interface Shape {
  /** The largest number of brackets open at once. */
  readonly depth: number;
  /** The largest number of arrays nested directly in each other. */
  readonly arrays: number;
  /** Objects and arrays. */
  readonly containers: number;
  /** Closing brackets, whether or not anything was open. */
  readonly closings: number;
  /** Commas and colons outside strings. */
  readonly separators: number;
  readonly commas: number;
  readonly quotes: number;
  /** The longest run of unescaped quotes without a comma, colon or bracket between them. */
  readonly quoteRun: number;
  /** Characters of a number, at most; only those are looked at that are too long for a short one. */
  readonly number: number;
  /** Characters of a string before a colon, at most. */
  readonly key: number;
  /** Strings, brackets, commas and colons together. */
  readonly signs: number;
  /** Brackets that are never closed. */
  readonly open: number;
}

/** Counting stops where any of these is exceeded: what is beyond them is refused, whatever else there is of it. */
export interface Bounds extends Pick<Shape, "depth" | "arrays" | "containers" | "commas" | "number" | "key"> {
  /** Strings, brackets, commas and colons together. */
  readonly signs: number;
}

const UNBOUNDED: Bounds = {
  depth: Number.POSITIVE_INFINITY,
  arrays: Number.POSITIVE_INFINITY,
  containers: Number.POSITIVE_INFINITY,
  commas: Number.POSITIVE_INFINITY,
  number: Number.POSITIVE_INFINITY,
  key: Number.POSITIVE_INFINITY,
  signs: Number.POSITIVE_INFINITY,
};

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/**
 * Counts in one pass. With `strings`, brackets inside double quotes do not count. Without it everything counts, as it
 * must if the quotes cannot be trusted.
 */
export function shapeOf(text: string, strings: boolean, bounds = UNBOUNDED): Shape {
  return count(text, { start: 0, strings, one: false, bounds }).shape;
}

/** The value whose bracket stands at `start`: its shape, and the index after its end; -1 where it has none. */
export function shapeOfValue(text: string, start: number, bounds: Bounds): { shape: Shape; end: number } {
  return count(text, { start, strings: true, one: true, bounds });
}

interface Counting {
  readonly start: number;
  readonly strings: boolean;
  /** Stop after the first value. */
  readonly one: boolean;
  readonly bounds: Bounds;
}

function count(text: string, { start, strings, one, bounds }: Counting): { shape: Shape; end: number } {
  let depth = 0;
  let containers = 0;
  let closings = 0;
  let separators = 0;
  let commas = 0;
  let quotes = 0;
  let quotesBefore = 0;
  let quoteRun = 0;
  let arrays = 0;
  let number = 0;
  let key = 0;
  let signs = 0;
  let lastString = 0;
  let end = -1;
  // For each open bracket, the number of arrays nested directly around each other that it ends; 0 for an
  // object.
  const open: number[] = [];
  let from = start;
  // A search for the next sign is several times as fast as a look at each character.
  for (let index = nextSign(text, from); index < text.length; index = nextSign(text, from)) {
    if (index - from > LONG_NUMBER) number = Math.max(number, lengthOfNumber(text.slice(from, index)));
    from = index + 1;
    signs += 1;
    if (signs > bounds.signs || number > bounds.number) break;
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      quotes += 1;
      if (isEscaped(text, index)) quotesBefore += 1;
      quoteRun = Math.max(quoteRun, quotes - quotesBefore);
      if (!strings) continue;
      const closing = endOfString(text, index);
      lastString = closing - index;
      from = closing + 1;
      continue;
    }
    switch (code) {
      case OPEN_ARRAY: {
        containers += 1;
        const around = (open.at(-1) ?? 0) + 1;
        if (around > arrays) arrays = around;
        open.push(around);
        break;
      }
      case OPEN_OBJECT:
        containers += 1;
        open.push(0);
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        closings += 1;
        open.pop();
        break;
      case COMMA:
        commas += 1;
        separators += 1;
        break;
      case COLON:
        separators += 1;
        if (lastString > key) key = lastString;
        break;
    }
    quotesBefore = quotes;
    if (open.length > depth) depth = open.length;
    if (one && open.length === 0) {
      end = index + 1;
      break;
    }
    if (containers > bounds.containers || commas > bounds.commas || depth > bounds.depth) break;
    if (arrays > bounds.arrays || key > bounds.key) break;
  }
  const rest = one ? 0 : text.length - from;
  if (rest > LONG_NUMBER) number = Math.max(number, lengthOfNumber(text.slice(from)));
  const shape = {
    depth,
    arrays,
    containers,
    closings,
    separators,
    commas,
    quotes,
    quoteRun,
    number,
    key,
    signs,
  };
  return { shape: { ...shape, open: open.length }, end };
}

const SIGN = /["[\]{},:]/g;
const LONG_NUMBER = 100;

function nextSign(text: string, from: number): number {
  SIGN.lastIndex = from;
  return SIGN.test(text) ? SIGN.lastIndex - 1 : text.length;
}

function lengthOfNumber(text: string): number {
  const token = text.trim();
  return /^[-+.\deE]+$/.test(token) ? token.length : 0;
}

/**
 * The text with everything inside double quotes replaced by blanks. Line breaks stay, and no character moves. A string
 * that does not end is blank to the end of the text.
 */
export function withoutStrings(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', from)) {
    const end = endOfString(text, start);
    parts.push(text.slice(from, start + 1), text.slice(start + 1, end).replace(/[^\n]/g, "_"));
    from = end;
    if (end >= text.length) break;
    parts.push('"');
    from = end + 1;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

/** How many characters of a text stand in no string. */
export function lengthOutsideStrings(text: string): number {
  let outside = 0;
  let from = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', from)) {
    outside += start - from;
    from = endOfString(text, start) + 1;
  }
  return outside + Math.max(0, text.length - from);
}

/** The index of the quote that ends the string beginning at `start`; the end of the text if there is none. */
export function endOfString(text: string, start: number): number {
  const quote = text.indexOf('"', start + 1);
  if (quote < 0) return text.length;
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  for (let at = start + 1; ; at = INSIDE.lastIndex) {
    INSIDE.lastIndex = at;
    INSIDE.test(text);
    if (text.charCodeAt(INSIDE.lastIndex) === QUOTE) return INSIDE.lastIndex;
    if (INSIDE.lastIndex === at) return text.length;
  }
}

// Some of what stands in a string. Not all of it at once: each repetition is remembered, to be taken back.
const INSIDE = /[^"\\]*(?:\\.[^"\\]*){0,1000}/sy;

/** True if an odd number of backslashes precedes a place. */
function isEscaped(text: string, place: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(place - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

/**
 * The index after the bracket that closes the one at `start`; -1 if there is none. Brackets are counted, not matched by
 * kind. With `strings`, those inside double quotes do not count. After `most` brackets there is no looking on.
 */
export function endOfValue(
  text: string,
  start: number,
  strings: boolean,
  most = Number.POSITIVE_INFINITY,
): number {
  let depth = 0;
  let brackets = 0;
  const sign = strings ? /["[\]{}]/g : /[[\]{}]/g;
  sign.lastIndex = start;
  while (sign.test(text)) {
    const index = sign.lastIndex - 1;
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      sign.lastIndex = endOfString(text, index) + 1;
      continue;
    }
    brackets += 1;
    if (brackets > most) return -1;
    depth += code === OPEN_ARRAY || code === OPEN_OBJECT ? 1 : -1;
    if (depth === 0) return index + 1;
  }
  return -1;
}

/** The elements of a strict JSON array, as texts. */
export function elementsOf(array: string): string[] {
  const elements: string[] = [];
  let start = 1;
  for (let index = 1; index < array.length; index += 1) {
    switch (array.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(array, index);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        index = endOfValue(array, index, true) - 1;
        break;
      case COMMA:
      case CLOSE_ARRAY: {
        const element = array.slice(start, index).trim();
        if (element !== "") elements.push(element);
        start = index + 1;
        break;
      }
    }
  }
  return elements;
}

/** The value of strict JSON; `undefined` if the text is not strict JSON. */
export function strictJson(text: string): unknown {
  return readJson(text);
}

/** The strict parser's complaint about a text, in one line. */
export function syntaxError(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\s+/g, " ").slice(0, 200) : "";
  }
}
