import { fewestForDrop } from "../statistics/compare.ts";
import { type CaseResult, caseKey, type Gate, type VariantResult } from "./results.ts";

/** So many cases are named in a reason. */
const MOST_NAMES = 5;

export interface GateOptions {
  readonly level: number;
  readonly awaitingReview: number;
}

/**
 * Whether a run is good enough. It fails for a case of severity `must` of which any answer fails (unless it is known to
 * fail), for a drop against the baseline that is one, and where an answer, or a verdict on one, could not be had. Other cases
 * may fail.
 */
export function gateOf(variants: readonly VariantResult[], { level, awaitingReview }: GateOptions): Gate {
  const reasons: string[] = [];
  const notes: string[] = [];
  // Prompts of another revision are there to be compared with, not to be judged.
  const judged = variants.filter(({ revision }) => revision === undefined);
  for (const variant of judged.length === 0 ? variants : judged) {
    const on = variants.length > 1 ? ` (${variant.label})` : "";
    const must = variant.cases.filter((one) => one.severity === "must" && one.knownFailure === undefined);
    const broken = must.filter(hasFailed).map(caseKey);
    if (broken.length > 0) {
      const what =
        broken.length === 1
          ? "a case that must not fail did"
          : `${broken.length} cases that must not fail did`;
      const more = broken.length > MOST_NAMES ? `, and ${broken.length - MOST_NAMES} more` : "";
      reasons.push(`${what}${on}: ${broken.slice(0, MOST_NAMES).join(", ")}${more}`);
    }
    const { errors } = variant;
    const unheard = errors - unjudgedIn(variant);
    if (unheard > 0) reasons.push(`${answers(unheard)} could not be had${on}`);
    if (unheard < errors) reasons.push(`no verdict on ${answers(errors - unheard)}${on}`);
    const baseline = variant.comparisons.find((one) => one.with === "baseline");
    if (baseline?.verdict === "drop") {
      const points = (-100 * baseline.difference.mean).toFixed(1);
      reasons.push(
        `${points} points below the ${baseline.label}${on}: chance alone in ${percent(baseline.drop)} of runs`,
      );
    }
    if (baseline === undefined)
      notes.push(`no baseline to compare with${on}: --update-baseline takes this run as one`);
    else notes.push(...aboutBaseline(variant, baseline.pairs, level, on));
    for (const one of variant.cases.filter(({ knownFailure }) => knownFailure !== undefined)) {
      if (hasPassed(one)) notes.push(`${caseKey(one)}: passes, though it is known to fail${on}`);
    }
  }
  if (awaitingReview > 0) {
    notes.push(
      `${awaitingReview} ${awaitingReview === 1 ? "case awaits" : "cases await"} review and did not run`,
    );
  }
  return { passed: reasons.length === 0, reasons, notes };
}

/** Answers that were had, and of which a judge or a check gave no verdict. */
function unjudgedIn({ cases }: VariantResult): number {
  const samples = cases.flatMap((one) => one.samples);
  return samples.filter(({ outcome, answered }) => outcome === "error" && answered !== "").length;
}

const answers = (count: number) => `${count} ${count === 1 ? "answer" : "answers"}`;

function aboutBaseline({ cases }: VariantResult, pairs: number, level: number, on: string): string[] {
  const notes: string[] = [];
  const fewest = fewestForDrop(level);
  const unpaired = cases.length - pairs;
  if (pairs < fewest)
    notes.push(
      `only ${pairs} cases can be compared with the baseline${on}: no drop can show below ${fewest}`,
    );
  else if (unpaired > 0)
    notes.push(`${unpaired} new or changed cases are not compared with the baseline${on}`);
  return notes;
}

export function hasFailed({ samples }: CaseResult): boolean {
  return samples.some(({ outcome }) => outcome === "failed");
}

export function hasPassed({ samples }: CaseResult): boolean {
  return samples.length > 0 && samples.every(({ outcome }) => outcome === "passed");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.001 ? 3 : 1)} %`;
}
