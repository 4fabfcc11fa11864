import type { Fidelity } from "./completion.ts";

/**
 * Why a value is not `exact`. The syntax was wrong or the spelling loose, but nothing can have been lost: `tolerant`.
 * Each text completes "the answer was not taken at face value because …"; people and models read it.
 */
export const TOLERANT_REASONS = {
  repaired_syntax: "its JSON had to be repaired",
  retyped_value: "a number or boolean was written as text, or the other way round",
  loose_match: "a name or literal was written with other capitals or blanks",
  extra_field: "it has an explanatory field that the type does not know",
  defaulted_list: "a list is missing and was taken as empty",
  wrapped_in_list: "single values were taken as a list",
} as const;

/** Something may have been lost, changed, or not meant: `doubtful`. */
export const DOUBTFUL_REASONS = {
  several_objects: "it holds several JSON values and does not say which one counts",
  repeated_object: "it holds the same JSON value more than once",
  prose: "it has text beside the JSON",
  unknown_wrapper: "the JSON stands inside a comment or an open bracket",
  unclear_thinking: "it is not clear where the thoughts end and the answer begins",
  coerced_value: "a value does not have the expected type and was converted",
  lost_value: "a value has no place in the expected type and was dropped",
  renamed_field: "a field or value has another name than in the expected type",
  duplicate_key: "a field occurs twice with different values",
  imprecise_number: "a number has more digits than can be kept",
  parsers_disagree: "two ways of repairing its JSON give different values",
  cut_off: "it ends before the JSON does",
  elided: "part of the JSON is left out with dots",
  no_json: "it holds no JSON and was guessed from plain text",
  invalid_text: "it is not valid UTF-8",
  unknown_finish: "the provider ended it for an unknown reason, so it may be cut off",
} as const;

// Reasons that threads of earlier releases hold. Nothing gives them any more; all were `doubtful`.
const FORMER_REASONS = {
  negated: "the text around the JSON says not to do it, or takes it back",
  contradicted: "the text after the JSON names a number that the JSON does not have",
  not_proposed: "the text around the JSON presents it as an example, a quotation, a draft or a question",
  inside_prose: "the JSON stands in the middle of a sentence",
} as const;

export type TolerantReason = keyof typeof TOLERANT_REASONS;
export type DoubtfulReason = keyof typeof DOUBTFUL_REASONS;
/** The closed list of reasons in `Fidelity.reasons`. */
export type FidelityReason = TolerantReason | DoubtfulReason;

/** True for the names in the closed list; stored fidelities of other releases may hold others. */
export function isFidelityReason(name: string): name is FidelityReason {
  return Object.hasOwn(TOLERANT_REASONS, name) || Object.hasOwn(DOUBTFUL_REASONS, name);
}

const TEXTS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...TOLERANT_REASONS, ...DOUBTFUL_REASONS, ...FORMER_REASONS }),
);

/** No reason: `exact`. Only harmless ones: `tolerant`. Any other: `doubtful`. */
export function fidelityOf(reasons: ReadonlySet<FidelityReason>): Fidelity {
  if (reasons.size === 0) return EXACT;
  const list = [...reasons].sort();
  return {
    grade: list.every((reason) => Object.hasOwn(TOLERANT_REASONS, reason)) ? "tolerant" : "doubtful",
    reasons: list,
  };
}

const EXACT: Fidelity = Object.freeze({ grade: "exact", reasons: Object.freeze([]) });

/** The reasons of a fidelity as one sentence part, for the model or a person: `"its JSON had to be repaired; …"`. */
export function describeFidelity(fidelity: Fidelity): string {
  return fidelity.reasons.map((reason) => TEXTS.get(reason) ?? reason).join("; ");
}
