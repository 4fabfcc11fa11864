import type { FidelityReason } from "../../base/fidelity.ts";
import { TOLERANT_REASONS } from "../../base/fidelity.ts";
import { affordBlind, FITTING, MAX_BLIND } from "./allowance.ts";
import { compareValues, isFields } from "./compare.ts";
import { mismatch } from "./mismatch.ts";
import { describeMisplaced, readExact, readWritten } from "./read-as.ts";
import { type Candidate, type ReadTools, tryParse } from "./reading.ts";
import { type Size, sampleOf, sizeOf } from "./sample.ts";
import { strictJson, withoutStrings } from "./scan.ts";

type Refused = Exclude<Candidate, { readonly kind: "value" }>;

// So many are parsed without looking further.
const FEW_PAIRS = 2_500;
// A sample holds a few values of each kind, so the type itself bounds what fits it. That does not hold for a
// sample with all keys of a map.
const MAX_TEXTS_WITH_KEYS = 40;
const MAX_SAMPLE_PAIRS = 10_000;

/** What a value is, where it can be read without the native parser. */
interface Read {
  readonly kind: "read";
  readonly value: unknown;
}

/**
 * Why a value may not be given to the native parser; `undefined` if it may. What fits the declared type as it is needs no parser,
 * nor does what may take it long and fits but for numbers as text and the like. Where the types are not known, a sample is parsed
 * first: only if the sample fits its type with nothing but harmless differences is the whole value sure to be cheap.
 *
 * @param text what it was read from, and how many values that holds.
 */
export function findUnaffordable(
  value: unknown,
  { text, values }: { readonly text: string; readonly values: number },
  tools: ReadTools,
): Refused | Read | undefined {
  const size = sizeOf(value);
  // The native parser reads values under a repeated key as often as the key is written.
  const repeated = values - size.empty - size.values;
  if (repeated > tools.left.texts) return tooMuch("has the same fields again and again");
  const exact = repeated === 0 ? readExact(value, tools.returns()) : undefined;
  // For a whole number that is written as another, the parser looks at other types first.
  if (exact?.kind === "value" && exact.sure && hasPlainNumbers(text))
    return { kind: "read", value: exact.value };
  const cost = tools.costOf(value);
  const why = text.length < LONG ? "has many levels" : "is long";
  if (cost > tools.left.work) {
    const returns = tools.returns();
    const plain = hasPlainNumbers(text);
    const whole = readWritten(value, returns, { plain });
    // One item stands for the list of it.
    const single = whole.kind === "misfit" && tools.kind === "list" && isFields(value);
    const read = single ? readWritten([value], returns, { plain }) : whole;
    if (read.kind === "misfit") return tooMuch(`${why}, and ${MISFITS}: ${describeMisplaced(read)}`);
    if (read.sure) return { kind: "read", value: read.value };
    if (returns.kind !== "unknown" && cost > MAX_UNSURE) return tooMuch(`${why}, and ${UNSURE}`);
  }
  if (isSmall(size, tools) && cost <= MAX_BLIND) return undefined;
  const short = JSON.stringify(sampleOf(value, false));
  // Objects with very many keys are taken for maps, but the type may have all of these keys.
  const long = JSON.stringify(sampleOf(value, true));
  let fit = fits(short, tools.left.sampleTexts, tools);
  if (fit !== "yes" && long !== short) fit = fits(long, MAX_TEXTS_WITH_KEYS, tools);
  if (fit === "yes") return undefined;
  return fit === "no" ? tooMuch(`${why}, and ${MISFITS}`) : fit;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whether all whole numbers in JSON are written with nothing but their digits. */
function hasPlainNumbers(json: string): boolean {
  const numbers = withoutStrings(json).match(NUMBER) ?? [];
  return numbers.every((number) => !Number.isInteger(Number(number)) || /^(?:0|-?[1-9]\d*)$/.test(number));
}

// Microseconds at most in the native parser for a value that its declared type does not settle.
const MAX_UNSURE = 50_000;
const UNSURE = "some of its values may be meant as one type or as another";
const MISFITS = "some of its values do not have the expected type";
// Characters. A shorter answer takes the native parser long by its levels.
const LONG = 1_000;

function isSmall({ texts, pairs }: Size, { left }: ReadTools): boolean {
  return texts <= left.texts && pairs <= FEW_PAIRS;
}

/** Whether a sample fits the type. A sample that does not fit counts as a misfit of the whole value. */
function fits(text: string, maxTexts: number, tools: ReadTools): "yes" | "no" | Refused {
  const sample = strictJson(text);
  const { texts, pairs } = sizeOf(sample);
  if (texts > Math.min(maxTexts, tools.left.sampleTexts) || pairs > MAX_SAMPLE_PAIRS) return "no";
  if (!affordBlind(tools.costOf(sample), tools.left)) return "no";
  const parsed = tryParse(text, tools);
  const reasons = new Set<FidelityReason>();
  if (parsed.kind === "parsed") compareValues(sample, parsed.value, tools.aliases(), reasons);
  // Fields that the type does not know cost time, each of them, although they are harmless.
  if (parsed.kind === "parsed" && areHarmless(reasons) && !reasons.has("extra_field")) return "yes";
  tools.left.sampleTexts -= texts;
  return parsed.kind === "misfit" ? { kind: "misfit", message: mismatch(parsed.error, sample, tools) } : "no";
}

function areHarmless(reasons: ReadonlySet<FidelityReason>): boolean {
  return [...reasons].every((reason) => Object.hasOwn(TOLERANT_REASONS, reason));
}

/** Charges the allowance for a value that did not fit as it was. */
export function spend(
  value: unknown,
  reasons: ReadonlySet<FidelityReason> | undefined,
  tools: ReadTools,
): void {
  const fitting = reasons?.size === 0 ? FITTING : 1;
  tools.left.work = Math.max(0, tools.left.work - fitting * tools.costOf(value));
  if (reasons === undefined || !areHarmless(reasons)) {
    tools.left.texts = Math.max(0, tools.left.texts - sizeOf(value).texts);
  }
}

function tooMuch(what: string): Refused {
  const message = `The answer ${what}. Answer with less, and every value in the type that was asked for.`;
  return { kind: "breach", breach: { reason: "too_many_objects", message } };
}
