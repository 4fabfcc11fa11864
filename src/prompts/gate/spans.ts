import { endOfValue, strictJson } from "./scan.ts";

/** A part of a completion that looks like a JSON object or array. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The value, where the text is strict JSON. */
  readonly strict: { readonly value: unknown } | undefined;
  /** False where the text ends before its brackets do. */
  readonly closed: boolean;
}

/** More values than this in one completion are not an answer. */
export const MAX_SPANS = 64;
// Text in brackets that is no JSON may be prose. Each costs a parse, so that only some are looked at.
const MAX_LOOSE = 8;

/**
 * The outermost strict JSON values of a text from an index on, and what may be JSON in need of repair. `isValue` decides of the latter
 * whether it is one; otherwise it is prose, and its inside is searched. `undefined` where there are too many.
 */
export function findSpans(text: string, from: number, isValue: (span: Span) => boolean): Span[] | undefined {
  const spans: Span[] = [];
  let loose = 0;
  const bracket = /[{[]/g;
  bracket.lastIndex = from;
  for (let match = bracket.exec(text); match !== null; match = bracket.exec(text)) {
    const start = match.index;
    const strict = strictSpan(text, start);
    if (strict !== undefined) {
      spans.push(strict);
      bracket.lastIndex = strict.end;
    } else {
      loose += 1;
      if (loose > MAX_LOOSE) return undefined;
      const span = looseSpan(text, start);
      if (isValue(span)) {
        spans.push(span);
        bracket.lastIndex = span.end;
      }
    }
    if (spans.length > MAX_SPANS) return undefined;
  }
  return spans;
}

function strictSpan(text: string, start: number): Span | undefined {
  const end = endOfValue(text, start, true);
  if (end < 0) return undefined;
  const part = text.slice(start, end);
  const value = strictJson(part);
  return value === undefined ? undefined : { start, end, text: part, strict: { value }, closed: true };
}

function looseSpan(text: string, start: number): Span {
  const found = [endOfValue(text, start, true), endOfValue(text, start, false)].filter((end) => end > 0);
  const end = found[0] ?? text.length;
  return { start, end, text: text.slice(start, end), strict: undefined, closed: found.length > 0 };
}
