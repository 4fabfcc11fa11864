import { type AnswerLimits, strictBounds, strictBreach } from "./limits.ts";
import type { Candidate } from "./reading.ts";
import { endOfValue, shapeOfValue, strictJson } from "./scan.ts";

/** A part of a completion that looks like a JSON object or array. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The value, if the text is strict JSON. */
  readonly strict: { readonly value: unknown } | undefined;
  /** What a text that needs repair was read as. */
  readonly loose?: Candidate;
  /** False if the text ends before its brackets do. */
  readonly closed: boolean;
}

/** A completion with more values than this is not an answer. */
export const MAX_SPANS = 64;
// Text in brackets that is not JSON may be prose. Each one costs a parse, so only some are tried.
const MAX_LOOSE = 8;
// Where brackets do not close, their end is looked for again and again: so many characters in all.
const MAX_BRACKETS = 2_500;
const MAX_SEARCHED = 2_000_000;

/**
 * The outermost strict JSON values of a text from an index on, and parts that may be JSON in need of repair. `read`
 * reads the latter: a part that gives nothing is prose, and is searched inside. `undefined` if there are too many.
 */
export function findSpans(
  text: string,
  from: number,
  limits: Required<AnswerLimits>,
  read: (span: Span) => Candidate,
): Span[] | undefined {
  const spans: Span[] = [];
  let loose = 0;
  let searched = 0;
  const bracket = /[{[]/g;
  bracket.lastIndex = from;
  for (let match = bracket.exec(text); match !== null; match = bracket.exec(text)) {
    const start = match.index;
    const strict = strictSpan(text, start, limits);
    if (strict !== undefined) {
      spans.push(strict);
      bracket.lastIndex = strict.end;
    } else {
      loose += 1;
      const span = looseSpan(text, start);
      searched += span.searched;
      if (loose > MAX_LOOSE || searched > MAX_SEARCHED) return undefined;
      const candidate = read(span);
      if (isAnswer(candidate)) {
        spans.push({ ...span, loose: candidate });
        bracket.lastIndex = span.end;
      }
    }
    if (spans.length > MAX_SPANS) return undefined;
  }
  return spans;
}

/** Also true for a part that must not be read: it is refused, not passed over. */
function isAnswer(candidate: Candidate): boolean {
  if (candidate.kind !== "value") return candidate.kind === "breach";
  const { value } = candidate.read;
  return typeof value === "object" && value !== null;
}

function strictSpan(text: string, start: number, limits: Required<AnswerLimits>): Span | undefined {
  const { shape, end } = shapeOfValue(text, start, strictBounds(limits));
  const breach = strictBreach(shape, limits);
  // Refused before it is read: reading it, or only looking for its end, would cost more.
  if (breach !== undefined) {
    const part = end < 0 ? text.slice(start) : text.slice(start, end);
    const loose: Candidate = { kind: "breach", breach };
    return { start, end: start + part.length, text: part, strict: undefined, loose, closed: true };
  }
  if (end < 0) return undefined;
  const part = text.slice(start, end);
  const value = strictJson(part);
  return value === undefined ? undefined : { start, end, text: part, strict: { value }, closed: true };
}

function looseSpan(text: string, start: number): Span & { readonly searched: number } {
  const ends = [true, false].map((strings) => endOfValue(text, start, strings, MAX_BRACKETS));
  const found = ends.filter((end) => end > 0);
  const end = found[0] ?? text.length;
  const searched = ends.reduce((sum, one) => sum + (one > 0 ? one : text.length) - start, 0);
  return { start, end, text: text.slice(start, end), strict: undefined, closed: found.length > 0, searched };
}
