import type { FidelityReason } from "../../base/fidelity.ts";
import { findUnaffordable, spend } from "./afford.ts";
import { FITTING } from "./allowance.ts";
import { compareValues, isList } from "./compare.ts";
import { dropsEntries } from "./dropped.ts";
import { describeDropped } from "./dropped-items.ts";
import { findEncodedTwice } from "./encoded-twice.ts";
import { inspect } from "./inspect.ts";
import { intentProblem } from "./intents.ts";
import {
  LISTS_TOO_LONG,
  LOOSE_BREACH,
  looseShape,
  MAX_PAIRS,
  strictBounds,
  strictBreach,
  valuesIn,
} from "./limits.ts";
import { describeEncodedTwice, describeMisfit, mismatch } from "./mismatch.ts";
import { type Candidate, type ReadTools, tryParse, tryParseJson } from "./reading.ts";
import { sizeOf } from "./sample.ts";
import { lengthOutsideStrings, type Shape, shapeOf, strictJson, withoutStrings } from "./scan.ts";
import { type SecondReading, secondReading } from "./second-parser.ts";
import { withoutTrailingCommas } from "./trailing-commas.ts";

/** Reads a text of strict JSON, whose value is `read`. */
export function readStrict(text: string, read: unknown, tools: ReadTools): Candidate {
  const shape = shapeOf(text, true, strictBounds(tools.limits));
  const breach = strictBreach(shape, tools.limits);
  if (breach !== undefined) return { kind: "breach", breach };
  const afforded =
    checkIntent(read, tools) ?? findUnaffordable(read, { text, values: valuesIn(shape) }, tools);
  if (afforded !== undefined && afforded.kind !== "read") return afforded;
  const parsed =
    afforded === undefined ? tryParseJson(text, tools) : { kind: "parsed" as const, value: afforded.value };
  if (parsed.kind === "breach") return parsed;
  if (parsed.kind === "misfit") {
    spend(read, undefined, tools);
    return { kind: "misfit", message: mismatch(parsed.error, read, tools) };
  }
  const lost = describeLost(read, parsed.value, tools);
  if (lost !== undefined) {
    spend(read, undefined, tools);
    return { kind: "misfit", message: describeMisfit([lost]) };
  }
  const reasons = new Set<FidelityReason>();
  compareValues(read, parsed.value, tools.aliases(), reasons);
  if (afforded === undefined) spend(read, reasons, tools);
  addFindings(text, reasons);
  if (dropsEntries(read, parsed.value, reasons, tools)) reasons.add("lost_value");
  return { kind: "value", read: { value: parsed.value, reasons } };
}

/** What the parser accepts and must not: it would lose a whole part of the answer, or take a text for what it holds. */
function describeLost(read: unknown, parsed: unknown, tools: ReadTools): string | undefined {
  const twice = findEncodedTwice(read, parsed, tools.aliases());
  if (twice === undefined) return describeDropped(read, parsed, tools);
  const [item, ...path] = twice.path;
  return isList(read) && path.length > 0
    ? `Item ${Number(item) + 1} of the list does not fit. ${describeEncodedTwice(path, twice.single)}`
    : describeEncodedTwice(twice.path, twice.single);
}

// How many characters cost as much as one quote.
const QUOTE_COST = 5;
// What stands in no string costs the second parser the square of its length: 190 ms for 39,000 characters, 13 ms for 10,000.
const OUTSIDE_COST = 3;

/** Reads a text that is not strict JSON: BAML and a second parser each repair it in their own way, and must agree. */
export function readLoose(text: string, closed: boolean, tools: ReadTools): Candidate {
  const loose = looseShape(text, tools.limits);
  if ("breach" in loose) return { kind: "breach", breach: loose.breach };
  const { shape } = loose;
  // Repairing costs time, whatever comes of it.
  const cost =
    Buffer.byteLength(text) + OUTSIDE_COST * lengthOutsideStrings(text) + QUOTE_COST * shape.quotes;
  const { left } = tools;
  if (cost > left.looseCharacters || shape.containers > left.looseContainers)
    return { kind: "breach", breach: LOOSE_BREACH };
  left.looseCharacters -= cost;
  left.looseContainers -= shape.containers;
  const second = secondReading(text);
  const tidied = closed ? readTidied(text, second, tools) : undefined;
  if (tidied !== undefined) return tidied;
  const refusal = checkLoose(shape, second, tools);
  if (refusal !== undefined) return refusal;
  const parsed = tryParse(text, tools);
  if (parsed.kind === "misfit") {
    spend(second?.value, undefined, tools);
    return { kind: "misfit", message: mismatch(parsed.error, second?.value ?? {}, tools) };
  }
  const lost = describeLost(second?.value, parsed.value, tools);
  if (lost !== undefined) {
    spend(second?.value, undefined, tools);
    return { kind: "misfit", message: describeMisfit([lost]) };
  }
  const reasons = new Set<FidelityReason>(["repaired_syntax"]);
  const outside = withoutStrings(text);
  const comments = commentsIn(text, outside);
  if (comments.some((comment) => COMMENTED_VALUE.test(comment))) reasons.add("several_objects");
  // A condition or a doubt may stand there: words beside the JSON, wherever they are.
  if (comments.some((comment) => WORD.test(comment))) reasons.add("prose");
  if (!closed) reasons.add("cut_off");
  if (/\.\.\.|…/.test(outside)) reasons.add("elided");
  if (HALF_NUMBER.test(outside) || holdsQuotes(parsed.value)) reasons.add("coerced_value");
  if (second === undefined) reasons.add("parsers_disagree");
  else {
    compareRepairs(second.value, parsed.value, tools, reasons);
    addFindings(second.text, reasons);
    if (dropsEntries(second.value, parsed.value, reasons, tools)) reasons.add("lost_value");
  }
  spend(second?.value, reasons, tools);
  return { kind: "value", read: { value: parsed.value, reasons } };
}

/**
 * Reads a text whose only mistake are commas before closing brackets, if the second parser thinks so too; `undefined` for
 * any other. The native parser gets it without them: in JSON without blanks, its own repair loses fields.
 */
function readTidied(
  text: string,
  second: SecondReading | undefined,
  tools: ReadTools,
): Candidate | undefined {
  const tidy = withoutTrailingCommas(text);
  const value = tidy === text ? undefined : strictJson(tidy);
  if (isList(value) && tools.kind !== "list") return undefined;
  if (value === undefined || JSON.stringify(value) !== JSON.stringify(second?.value)) return undefined;
  const candidate = readStrict(tidy, value, tools);
  if (candidate.kind === "value") {
    const { value: read, reasons } = candidate.read;
    return { kind: "value", read: { value: read, reasons: new Set([...reasons, "repaired_syntax"]) } };
  }
  return candidate;
}

/** Commas and colons of a text that one parser alone can repair. */
const MAX_UNREPAIRED = 30;

/** Why a text that needs repair may not be given to the native parser. */
function checkLoose(
  shape: Shape,
  second: SecondReading | undefined,
  tools: ReadTools,
): Candidate | undefined {
  // If the second parser cannot repair it, it could be anything.
  const tooMuch = second === undefined && shape.separators > MAX_UNREPAIRED;
  if (tooMuch) return { kind: "breach", breach: LOOSE_BREACH };
  if (second === undefined) return undefined;
  const wrong = checkIntent(second.value, tools);
  if (wrong !== undefined) return wrong;
  if (sizeOf(second.value).pairs > MAX_PAIRS) return { kind: "breach", breach: LISTS_TOO_LONG };
  const refusal = findUnaffordable(
    second.value,
    { text: second.text, values: valuesIn(shapeOf(second.text, true)) },
    tools,
  );
  // Both parsers must agree: the first has to read it too, and what fits takes it less long.
  const mayBeRead = refusal?.kind === "read" && FITTING * tools.costOf(second.value) <= tools.left.work;
  if (refusal === undefined || mayBeRead) return undefined;
  // A sample of the repaired value says nothing about how the first parser repairs the text.
  return refusal.kind === "breach" ? refusal : { kind: "breach", breach: LOOSE_BREACH };
}

/** Without this check, BAML would accept an intent that only resembles a known one. */
function checkIntent(read: unknown, { intents }: ReadTools): Candidate | undefined {
  const problem = intentProblem(read, intents);
  return problem === undefined ? undefined : { kind: "misfit", message: describeMisfit([problem]) };
}

function addFindings(json: string, reasons: Set<FidelityReason>): void {
  const { conflictingKey, impreciseNumber } = inspect(json);
  if (conflictingKey) reasons.add("duplicate_key");
  if (impreciseNumber) reasons.add("imprecise_number");
}

// An exponent without digits: both parsers read it as no exponent.
const HALF_NUMBER = /\d[eE](?:[+-](?!\d)|(?![\w.+-]))/;
// Both parsers keep quotation marks that they do not know, and make one text of `"A1" or "B2"`.
const KEPT_QUOTES = /^\s*[«»„“”‟‘’‹›]|"\s+\S{1,6}\s+"|"\s*[|/,;+&]\s*"/;

const SINGLE_QUOTED = /(?<=[:,[{]\s*)'(?:[^'\\\n]|\\.)*'/g;
const COMMENT = /(?<!\w:)\/\/[^\n]*|\/\*[^*]*(?:\*(?!\/)[^*]*)*(?:\*\/)?|(?<![\w&])#[^\n]*/g;
// A value left out, or one to choose from.
const COMMENTED_VALUE = /[\d"'`{}[\]?]|\b(?:true|false|null)\b/;

// One sign is a word in some scripts, and a cross says no in all.
const WORD = /[\p{L}\p{So}]/u;

/** The comments within JSON, as written: quotes in a comment are part of it. */
export function commentsIn(text: string, outside = withoutStrings(text)): readonly string[] {
  const plain = outside.replace(SINGLE_QUOTED, (quoted) => "_".repeat(quoted.length));
  return Array.from(plain.matchAll(COMMENT), ({ index, 0: comment }) =>
    text.slice(index, index + comment.length),
  );
}

/** True if a repaired text may hold quotes that were meant as JSON's own. */
function holdsQuotes(value: unknown): boolean {
  if (typeof value === "string") return KEPT_QUOTES.test(value);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsQuotes);
}

function compareRepairs(
  second: unknown,
  parsed: unknown,
  tools: ReadTools,
  reasons: Set<FidelityReason>,
): void {
  // A list of one item stands for the item; a longer list means that BAML chose one.
  const single = isList(second) && !isList(parsed);
  if (single && second.length !== 1) reasons.add("several_objects");
  const differences = new Set<FidelityReason>();
  compareValues(single ? second[0] : second, parsed, tools.aliases(), differences);
  for (const difference of differences) {
    reasons.add(difference);
    if (difference === "coerced_value" || difference === "lost_value") reasons.add("parsers_disagree");
  }
}
