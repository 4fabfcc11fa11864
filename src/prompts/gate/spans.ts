import { type AnswerLimits, strictBreach } from "./limits.ts";
import type { Candidate } from "./reading.ts";
import { endOfValue, shapeOf, strictJson } from "./scan.ts";

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
      if (loose > MAX_LOOSE) return undefined;
      const span = looseSpan(text, start);
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
  const end = endOfValue(text, start, true);
  if (end < 0) return undefined;
  const part = text.slice(start, end);
  const breach = strictBreach(shapeOf(part, true), limits);
  // Refused before it is read: reading it would cost more.
  if (breach !== undefined) {
    return { start, end, text: part, strict: undefined, loose: { kind: "breach", breach }, closed: true };
  }
  const value = strictJson(part);
  return value === undefined ? undefined : { start, end, text: part, strict: { value }, closed: true };
}

function looseSpan(text: string, start: number): Span {
  const found = [endOfValue(text, start, true), endOfValue(text, start, false)].filter((end) => end > 0);
  const end = found[0] ?? text.length;
  return { start, end, text: text.slice(start, end), strict: undefined, closed: found.length > 0 };
}
