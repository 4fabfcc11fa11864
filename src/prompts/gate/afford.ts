import type { FidelityReason } from "../../base/fidelity.ts";
import { TOLERANT_REASONS } from "../../base/fidelity.ts";
import { compareValues } from "./compare.ts";
import { mismatch } from "./mismatch.ts";
import { type Candidate, type ReadTools, tryParse } from "./reading.ts";
import { type Size, sampleOf, sizeOf } from "./sample.ts";
import { strictJson } from "./scan.ts";

/**
 * What one completion may cost. Measured (BAML 0.226.2): a text where the type wants a number costs some
 * milliseconds, so a list of a few hundred blocks the process; the cost of lists grows with the square of their length. A text
 * that needs repair and fits nothing costs up to half a millisecond for each bracket that it opens.
 */
export const ALLOWANCE = {
  texts: 12,
  sampleTexts: 40,
  looseCharacters: 45_000,
  looseContainers: 60,
} as const;

type Refused = Exclude<Candidate, { readonly kind: "value" }>;

// So many are parsed without looking further.
const FEW_PAIRS = 2_500;
// A sample holds a few values of each kind, so the type itself bounds what fits it. That does not hold for a
// sample with all keys of a map.
const MAX_TEXTS_WITH_KEYS = 40;
const MAX_SAMPLE_PAIRS = 10_000;

/**
 * Why a value may not be given to the native parser; `undefined` if it may. A small value always may. For a large one,
 * a sample is parsed first: only if the sample fits its type with nothing but harmless differences is the whole value
 * sure to be cheap.
 *
 * @param written how many values its text holds.
 */
export function findUnaffordable(value: unknown, written: number, tools: ReadTools): Refused | undefined {
  const size = sizeOf(value);
  // The native parser reads values under a repeated key as often as the key is written.
  if (written - size.empty - size.values > tools.left.texts)
    return tooMuch("has the same fields again and again");
  if (isSmall(size, tools)) return undefined;
  const short = JSON.stringify(sampleOf(value, false));
  // Objects with very many keys are taken for maps, but the type may have all of these keys.
  const long = JSON.stringify(sampleOf(value, true));
  let fit = fits(short, tools.left.sampleTexts, tools);
  if (fit !== "yes" && long !== short) fit = fits(long, MAX_TEXTS_WITH_KEYS, tools);
  if (fit === "yes") return undefined;
  return fit === "no" ? tooMuch("is long, and some of its values do not have the expected type") : fit;
}

function isSmall({ texts, pairs }: Size, { left }: ReadTools): boolean {
  return texts <= left.texts && pairs <= FEW_PAIRS;
}

/** Whether a sample fits the type. A sample that does not fit counts as a misfit of the whole value. */
function fits(text: string, maxTexts: number, tools: ReadTools): "yes" | "no" | Refused {
  const sample = strictJson(text);
  const { texts, pairs } = sizeOf(sample);
  if (texts > Math.min(maxTexts, tools.left.sampleTexts) || pairs > MAX_SAMPLE_PAIRS) return "no";
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
  if (reasons === undefined || !areHarmless(reasons)) {
    tools.left.texts = Math.max(0, tools.left.texts - sizeOf(value).texts);
  }
}

function tooMuch(what: string): Refused {
  const message = `The answer ${what}. Answer with less, and every value in the type that was asked for.`;
  return { kind: "breach", breach: { reason: "too_many_objects", message } };
}
