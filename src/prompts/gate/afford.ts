import type { FidelityReason } from "../../base/fidelity.ts";
import { TOLERANT_REASONS } from "../../base/fidelity.ts";
import { compareValues } from "./compare.ts";
import { type Candidate, type ReadTools, tryParse } from "./reading.ts";
import { type Size, sampleOf, sizeOf } from "./sample.ts";

/**
 * What one completion may cost. Measured (BAML 0.226.2): a text where the type wants a number costs up to a millisecond,
 * so that a list of a few hundred stops the process; lists grow with the square of their length.
 */
export const ALLOWANCE = { texts: 40, looseCharacters: 60_000 } as const;

type Refused = Exclude<Candidate, { readonly kind: "value" }>;

// Lists whose items may all be compared with each other, unseen.
const FEW_PAIRS = 2_500;
const MAX_PAIRS = 400_000;
// A sample holds a few of everything, so that the type itself bounds what fits it.
const MAX_SAMPLE_TEXTS = 200;
const MAX_SAMPLE_PAIRS = 10_000;

/**
 * Why a value may not be given to the native parser; `undefined` where it may. A small value may always. Of a large one a
 * sample is parsed first: only if that fits its type, with nothing but harmless differences, is the whole sure to be cheap.
 *
 * @param written how many values its text holds.
 */
export function unaffordable(value: unknown, written: number, tools: ReadTools): Refused | undefined {
  const size = sizeOf(value);
  // The native parser reads what stands under the same key as often as it is written.
  if (written - size.values > tools.left.texts) return tooMuch("has the same fields again and again");
  if (size.pairs > MAX_PAIRS) return tooMuch("has lists that are too long");
  if (isSmall(size, tools)) return undefined;
  const sampled = fits(sampleOf(value, false), tools);
  if (sampled === "yes") return undefined;
  // Objects with very many keys were taken for maps: perhaps the type has them all.
  const whole = fits(sampleOf(value, true), tools);
  if (whole === "yes") return undefined;
  return whole === "no" ? tooMuch("is long, and some of its values do not have the expected type") : whole;
}

function isSmall({ texts, pairs }: Size, { left }: ReadTools): boolean {
  return texts <= left.texts && pairs <= FEW_PAIRS;
}

/** Whether a sample fits the type; a misfit is one of the whole. */
function fits(sample: unknown, tools: ReadTools): "yes" | "no" | Refused {
  const { texts, pairs } = sizeOf(sample);
  if (texts > MAX_SAMPLE_TEXTS || pairs > MAX_SAMPLE_PAIRS) return "no";
  const parsed = tryParse(JSON.stringify(sample), tools);
  if (parsed.kind === "misfit") return parsed;
  const reasons = new Set<FidelityReason>();
  compareValues(sample, parsed.value, tools.aliases(), reasons);
  return [...reasons].every((reason) => Object.hasOwn(TOLERANT_REASONS, reason)) ? "yes" : "no";
}

/** Takes from the allowance what a value cost that did not fit as it was. */
export function spend(
  value: unknown,
  reasons: ReadonlySet<FidelityReason> | undefined,
  tools: ReadTools,
): void {
  const fitted =
    reasons !== undefined && [...reasons].every((reason) => Object.hasOwn(TOLERANT_REASONS, reason));
  if (!fitted) tools.left.texts = Math.max(0, tools.left.texts - sizeOf(value).texts);
}

function tooMuch(what: string): Refused {
  const message = `The answer ${what}. Answer with less, and every value in the type that was asked for.`;
  return { kind: "breach", breach: { reason: "too_many_objects", message } };
}
