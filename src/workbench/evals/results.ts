import type { Fidelity, Usage } from "../../base/completion.ts";
import type { Comparison, Verdict } from "../statistics/compare.ts";
import type { Interval, Rate } from "../statistics/interval.ts";
import type { Severity } from "./dataset.ts";
import type { Money } from "./prices.ts";

/** One answer to one case. */
export interface Sample {
  /** `error`: no answer could be had, or no verdict. It counts neither as passed nor as failed. */
  readonly outcome: "passed" | "failed" | "error";
  /** Why it failed, or what went wrong. */
  readonly failures: readonly string[];
  /** What was answered, as the model wrote it; empty where there was no answer. */
  readonly answered: string;
  readonly grade?: Fidelity["grade"] | undefined;
  readonly score?: number | undefined;
  readonly usage: Usage | null;
  readonly durationMs: number;
  readonly cached: boolean;
  readonly client: string;
}

/** A case as one variant answered it. */
export interface CaseResult {
  /** The dataset's name. */
  readonly set: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly severity: Severity;
  readonly knownFailure?: string | undefined;
  /** Over what is asked and expected: a case that was changed is not compared with what it was. */
  readonly digest: string;
  readonly samples: readonly Sample[];
}

/** Who was asked, with which prompts. */
export interface VariantInfo {
  /** For people, and unique in a run: the client, and the revision unless it is that of now. */
  readonly label: string;
  readonly client: string;
  /** The git revision of the prompts; absent: those of now. */
  readonly revision?: string | undefined;
}

/** Milliseconds, over all answers; `undefined` without any. */
export interface Latency {
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

export interface VariantResult extends VariantInfo {
  readonly cases: readonly CaseResult[];
  readonly rate: Rate;
  /** pass^k for k from 1 to the number of samples. */
  readonly passHatK: readonly number[];
  /** The mean score of judges that gave one. */
  readonly score?: number | undefined;
  readonly usage: Usage;
  /** What the answers cost, or would have cost if they had not been kept; absent where a price is not known. */
  readonly money?: Money | undefined;
  readonly latency?: Latency | undefined;
  /** How many answers were kept from before, and how many could not be had. */
  readonly cached: number;
  readonly errors: number;
  readonly comparisons: readonly Compared[];
}

/** A paired comparison with something else. */
export interface Compared extends Comparison {
  /** `baseline`: the file in git. `variant`: the first variant of this run. */
  readonly with: "baseline" | "variant";
  /** What it is compared with, for people. */
  readonly label: string;
  readonly verdict: Verdict;
  /** The mean difference of the judges' scores, case by case, with its bootstrap interval; absent if none can be paired. */
  readonly score?: (Interval & { readonly mean: number; readonly pairs: number }) | undefined;
  /** Cases that passed less often, and more often, than there. */
  readonly worseCases: readonly string[];
  readonly betterCases: readonly string[];
}

/** A whole run; plain data, from which each report is made. */
export interface EvalRun {
  readonly v: 1;
  /** ISO time of its start. */
  readonly at: string;
  readonly samples: number;
  /** The gate's rate of false alarms. */
  readonly level: number;
  readonly variants: readonly VariantResult[];
  /** Cases that nobody has looked at yet; they were not run. */
  readonly awaitingReview: number;
  readonly gate: Gate;
}

export interface Gate {
  readonly passed: boolean;
  /** Why it did not. */
  readonly reasons: readonly string[];
  /** What does not fail the run, but people should know. */
  readonly notes: readonly string[];
}

/** How often a case passed, out of the answers that could be had. */
export function countOfCase({ samples }: CaseResult): { readonly passed: number; readonly samples: number } {
  return {
    passed: samples.filter(({ outcome }) => outcome === "passed").length,
    samples: samples.filter(({ outcome }) => outcome !== "error").length,
  };
}

/** The mean score of the judges that gave one. */
export function scoreOfCase({ samples }: CaseResult): number | undefined {
  const scores = samples.flatMap(({ score }) => score ?? []);
  return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** A case's name where several datasets are run. */
export function caseKey({ set, name }: Pick<CaseResult, "set" | "name">): string {
  return `${set}: ${name}`;
}
