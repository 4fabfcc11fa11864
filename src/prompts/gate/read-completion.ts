import type { FidelityReason } from "../../base/fidelity.ts";
import { ALLOWANCE } from "./allowance.ts";
import { isFields, isList } from "./compare.ts";
import { afterMarker, FINAL_ANSWER, formReasons, isCleanGap, openBracket, trimBlank } from "./form.ts";
import { proseBreach, strictBounds, strictBreach, tooLarge, tooMany, tooManyTags } from "./limits.ts";
import { describeMisfit, isJsonText, JSON_IN_A_STRING } from "./mismatch.ts";
import { readLoose, readStrict } from "./read-json.ts";
import { readPlain, readText } from "./read-plain.ts";
import {
  type Candidate,
  type Reading,
  type ReadTools,
  type ReadValue,
  refuse,
  rememberMisfits,
} from "./reading.ts";
import { saidOf } from "./said.ts";
import { elementsOf, shapeOf, strictJson, syntaxError } from "./scan.ts";
import { findSpans, MAX_SPANS, type Span } from "./spans.ts";
import { MAX_TAGS, REMOVED, withoutThinking } from "./thinking.ts";

/**
 * Reads a completion: guards the native parser, decides which part of the text is the answer, lets BAML parse that part
 * and nothing else, and lists every reason not to take the result at face value. Never throws, whatever the text.
 */
export function readCompletion(completion: string, settings: Omit<ReadTools, "left">): Reading {
  const tools = { ...settings, parse: rememberMisfits(settings.parse), left: { ...ALLOWANCE } };
  const { limits, kind } = tools;
  if (completion.length > limits.maxCharacters) return refuse(tooLarge(completion.length, limits));
  if (kind === "text") return readText(completion, tools);
  const trimmed = trimBlank(completion);
  if (trimmed === "") return EMPTY;
  // By far the most common answer: only JSON. Tags inside its strings are text.
  const bracketed = /^[{[]/.test(trimmed);
  const asString = trimmed.startsWith('"') && kind !== "text_or_json" ? strictJson(trimmed) : undefined;
  if (typeof asString === "string" && isJsonText(asString))
    return refuse({ reason: "no_match", message: describeMisfit([JSON_IN_A_STRING]) });
  const breach = bracketed ? strictBreach(shapeOf(trimmed, true, strictBounds(limits)), limits) : undefined;
  if (breach !== undefined) return refuse(breach);
  const whole = bracketed ? strictJson(trimmed) : undefined;
  if (whole !== undefined) {
    return readSpans({ text: trimmed, from: 0, unclear: false }, [wholeSpan(trimmed, whole)], tools);
  }
  const visible = withoutThinking(completion);
  if (visible.tooManyTags === true) return refuse(tooManyTags(MAX_TAGS));
  const text = trimBlank(visible.text);
  if (text.replaceAll(REMOVED, "").trim() === "") return visible.text === completion ? EMPTY : ONLY_THOUGHTS;
  const from = tools.prose === "marked" ? (afterMarker(text) ?? 0) : 0;
  if (from > 0 && text.slice(from).replaceAll(REMOVED, "").trim() === "") return NOTHING_MARKED;
  let misfit: string | undefined;
  const spans = findSpans(text, from, limits, (span) => {
    const candidate = readLoose(span.text, span.closed, tools);
    if (candidate.kind === "misfit") misfit ??= candidate.message;
    return candidate;
  });
  if (spans === undefined) return refuse(tooMany({ ...limits, maxObjects: MAX_SPANS }));
  return readSpans({ text, from, unclear: visible.unclear, misfit }, spans, tools);
}

const EMPTY: Reading = {
  ok: false,
  reason: "empty",
  message: "The answer is empty. Answer with one JSON value of the expected form.",
};
const ONLY_THOUGHTS: Reading = {
  ok: false,
  reason: "empty",
  message:
    "The answer holds nothing but thoughts. After them, answer with one JSON value of the expected form.",
};
const NOTHING_MARKED: Reading = {
  ok: false,
  reason: "empty",
  message: `Nothing follows the line "${FINAL_ANSWER}". After it, answer with one JSON value of the expected form.`,
};

function wholeSpan(text: string, value: unknown): Span {
  return { start: 0, end: text.length, text, strict: { value }, closed: true };
}

/** The visible part of a completion. */
interface VisibleText {
  readonly text: string;
  /** Where the part that counts begins. */
  readonly from: number;
  /** It is not clear where the thoughts end. */
  readonly unclear: boolean;
  /** What was wrong with the first part in brackets that gave no value. */
  readonly misfit?: string | undefined;
}

/** A value of the answer and its place. */
interface Found {
  readonly span: Span;
  readonly candidates: readonly Candidate[];
}

function readSpans(visible: VisibleText, spans: readonly Span[], tools: ReadTools): Reading {
  const { text, from } = visible;
  const inSpans = spans.reduce((sum, { start, end }) => sum + end - start, 0);
  const beside = proseBreach(text.length - from - inSpans);
  if (beside !== undefined) return refuse(beside);
  const meant = spans.filter((span) => mayBeAnswer(span, tools));
  if (meant.length > 1 && containersIn(meant, tools) > tools.limits.maxObjects)
    return refuse(tooMany(tools.limits));
  const joined = tools.kind === "list" ? joinObjects(text, meant, tools) : undefined;
  const found = joined ?? [];
  for (const span of joined === undefined ? meant : []) {
    const candidates = readSpan(span, tools);
    found.push({ span, candidates });
    // The rest would be read in vain.
    if (candidates.some(isBreach)) break;
  }
  const all = found.flatMap(({ candidates }) => candidates);
  const breach = all.find(isBreach);
  if (breach !== undefined) return refuse(breach.breach);
  const values = all.flatMap((candidate) => (candidate.kind === "value" ? [candidate.read] : []));
  // A function that returns a word or a number makes a scalar of anything: its text must not be read as JSON.
  const answers = values.filter(({ value }) => typeof value === "object" && value !== null);
  const [first, ...more] = answers;
  if (first === undefined) {
    // JSON that fits no type by itself does not fit better with prose around it.
    const misfit = all.find((candidate) => candidate.kind === "misfit");
    if (misfit !== undefined) {
      const invalid = insideInvalid(visible, found[0]?.span);
      return refuse({ reason: "no_match", message: invalid ?? misfit.message });
    }
    return readPlain({ ...visible, text: text.slice(from).replaceAll(REMOVED, " ").trim() }, tools);
  }
  const misfit = misfitStep(visible.text, found, tools);
  if (misfit !== undefined) return refuse({ reason: "no_match", message: misfit });
  const around = aroundReasons(visible, found, tools);
  if (answers.length > 1 && hasRepetition(answers)) around.add("repeated_object");
  // A value that does not fit, in a list or beside the answer, may be the one that was meant.
  if (answers.length < all.length) around.add("several_objects");
  const withDoubts = (read: ReadValue): ReadValue =>
    around.size === 0 ? read : { value: read.value, reasons: new Set([...read.reasons, ...around]) };
  const ranges = found.filter(({ candidates }) => candidates.some(({ kind }) => kind === "value"));
  const said = saidOf(
    text,
    ranges.map(({ span }) => span),
  );
  return { ok: true, values: [withDoubts(first), ...more.map(withDoubts)], said };
}

/** What is wrong with one of several steps that stand clearly side by side: to run the others would drop it without a word. */
function misfitStep(text: string, found: readonly Found[], { intents, kind }: ReadTools): string | undefined {
  const spans = found.map(({ span }) => span);
  if (intents === undefined || !gapsAreClean(text, spans)) return undefined;
  const steps = found.flatMap(({ span, candidates }) => {
    const value = span.strict?.value;
    const values = isList(value) && kind !== "list" ? value : [value];
    return candidates.map((candidate, index) => ({ candidate, value: values[index] }));
  });
  for (const [index, { candidate, value }] of steps.entries()) {
    if (candidate.kind !== "misfit" || !isFields(value) || !Object.hasOwn(value, "intent")) continue;
    return `Step ${index + 1} of the answer cannot be run, so none was. ${candidate.message}`;
  }
  return undefined;
}

/** If only a part was found of JSON that cannot be read: what is wrong with the whole. */
function insideInvalid({ text, from }: VisibleText, span: Span | undefined): string | undefined {
  if (span === undefined) return undefined;
  const before = text.slice(from, span.start);
  const start = from + before.search(/[{[]/);
  if (start < from || !openBracket(before)) return undefined;
  const error = syntaxError(text.slice(start));
  return `The answer is not valid JSON: ${error}. Answer with one JSON value of the expected form.`;
}

// Together they may hold no more than a single one might.
function containersIn(spans: readonly Span[], { limits }: ReadTools): number {
  const bounds = strictBounds(limits);
  return spans.reduce((sum, { text }) => sum + shapeOf(text, true, bounds).containers, 0);
}

/** Lists of numbers and empty brackets are prose, unless the function returns a list. */
function mayBeAnswer({ strict }: Span, tools: ReadTools): boolean {
  if (strict === undefined) return true;
  if (isList(strict.value))
    return tools.kind === "list" || strict.value.some((item) => isFields(item) || isList(item));
  return isFields(strict.value) && (Object.keys(strict.value).length > 0 || tools.kind !== "list");
}

function readSpan(span: Span, tools: ReadTools): Candidate[] {
  if (span.strict === undefined) return span.loose === undefined ? [] : [span.loose];
  const { value } = span.strict;
  if (!isList(value) || tools.kind === "list") return [readStrict(span.text, value, tools)];
  // Several steps in one array: BAML would silently choose one of them.
  const breach = strictBreach(shapeOf(span.text, true, strictBounds(tools.limits)), tools.limits);
  if (breach !== undefined) return [{ kind: "breach", breach }];
  if (value.length > MAX_SPANS)
    return [{ kind: "breach", breach: tooMany({ ...tools.limits, maxObjects: MAX_SPANS }) }];
  const candidates: Candidate[] = [];
  for (const element of elementsOf(span.text)) {
    const candidate = readStrict(element, strictJson(element), tools);
    candidates.push(candidate);
    if (isBreach(candidate)) break;
  }
  return candidates;
}

function isBreach(candidate: Candidate): candidate is Extract<Candidate, { readonly kind: "breach" }> {
  return candidate.kind === "breach";
}

/** Objects one after another where a list is expected: the list without its brackets. */
function joinObjects(text: string, spans: readonly Span[], tools: ReadTools): Found[] | undefined {
  const [first] = spans;
  const objects = spans.every(({ strict }) => strict !== undefined && isFields(strict.value));
  if (first === undefined || spans.length < 2 || !objects || !gapsAreClean(text, spans)) return undefined;
  const list = `[${spans.map((span) => span.text).join(",")}]`;
  const candidate = readStrict(list, strictJson(list), tools);
  const span = { ...first, end: spans.at(-1)?.end ?? first.end };
  if (candidate.kind !== "value") return [{ span, candidates: [candidate] }];
  const { value, reasons } = candidate.read;
  return [
    {
      span,
      candidates: [{ kind: "value", read: { value, reasons: new Set([...reasons, "wrapped_in_list"]) } }],
    },
  ];
}

function gapsAreClean(text: string, spans: readonly Span[]): boolean {
  return spans.every(({ end }, index) => {
    const next = spans[index + 1];
    return next === undefined || isCleanGap(text.slice(end, next.start));
  });
}

/** What the form of the text around the values reveals, and whether the values clearly stand side by side. */
function aroundReasons(
  { text, from, unclear }: VisibleText,
  found: readonly Found[],
  tools: ReadTools,
): Set<FidelityReason> {
  const spans = found.map(({ span }) => span);
  const start = spans[0]?.start ?? from;
  const end = spans.at(-1)?.end ?? text.length;
  // Before a marker, anything may stand; after it, nothing but the value.
  const mode = from > 0 ? "none" : tools.prose;
  const reasons = formReasons(text.slice(from, start), text.slice(end), mode);
  if (unclear) reasons.add("unclear_thinking");
  if (!gapsAreClean(text, spans)) reasons.add("several_objects");
  return reasons;
}

function hasRepetition(values: readonly ReadValue[]): boolean {
  const texts = values.map(({ value }) => JSON.stringify(value));
  return new Set(texts).size < texts.length;
}
