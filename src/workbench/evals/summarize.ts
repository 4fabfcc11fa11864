import type { Usage } from "../../base/completion.ts";
import { comparePairs, verdictOf } from "../statistics/compare.ts";
import { type CaseCount, passRate } from "../statistics/interval.ts";
import type { Pair } from "../statistics/pair.ts";
import { passHatK } from "../statistics/pass-hat-k.ts";
import { bootstrapShares, meanOf } from "../statistics/resampling.ts";
import type { Baseline } from "./baseline.ts";
import { gateOf } from "./gate.ts";
import type { EvalPrices } from "./price-table.ts";
import { moneyFor } from "./prices.ts";
import {
  type CaseResult,
  type Compared,
  caseKey,
  countOfCase,
  type EvalRun,
  type Latency,
  type Sample,
  scoreOfCase,
  type VariantInfo,
  type VariantResult,
} from "./results.ts";

export interface SummaryOptions {
  readonly at: string;
  readonly samples: number;
  readonly level: number;
  readonly prices: EvalPrices | undefined;
  readonly baseline: Baseline | undefined;
  readonly awaitingReview: number;
}

export interface Answered {
  readonly variant: VariantInfo;
  readonly cases: readonly CaseResult[];
}

/** Counts, compares and judges the answers of a run. Pure. */
export function summarizeRun(results: readonly Answered[], options: SummaryOptions): EvalRun {
  const { at, samples, level, baseline, awaitingReview } = options;
  const [first] = results;
  // The level is that of the run: its comparisons with the baseline share it.
  const compared = results.filter(({ variant }) => hasBaseline(variant, baseline)).length;
  const variants = results.map(({ variant, cases }): VariantResult => {
    const comparisons: Compared[] = [];
    if (hasBaseline(variant, baseline))
      comparisons.push(withBaseline(variant.client, cases, { baseline, level, of: compared }));
    if (first !== undefined && first.variant !== variant) {
      const before = new Map(
        first.cases.map((one) => [caseKey(one), { ...countOfCase(one), score: scoreOfCase(one) }]),
      );
      const pairs = pairUp(cases, (one) => before.get(caseKey(one)));
      comparisons.push(
        compare(pairs, { with: "variant", label: first.variant.label }, { level, of: results.length - 1 }),
      );
    }
    return { ...statisticsOf(variant, cases, options), comparisons };
  });
  return {
    v: 1,
    at,
    samples,
    level,
    variants,
    awaitingReview,
    gate: gateOf(variants, { level, awaitingReview }),
  };
}

/** Only the prompts of now are held against the baseline. */
function hasBaseline({ client, revision }: VariantInfo, baseline: Baseline | undefined): boolean {
  return revision === undefined && baseline !== undefined && Object.hasOwn(baseline.clients, client);
}

interface Level {
  readonly level: number;
  readonly of: number;
}

function withBaseline(
  client: string,
  cases: readonly CaseResult[],
  { baseline, ...level }: Level & { readonly baseline: Baseline | undefined },
): Compared {
  const known = baseline?.clients[client];
  const pairs = pairUp(cases, (one) => {
    const before = known?.cases[caseKey(one)];
    return before?.digest === one.digest ? before : undefined;
  });
  return compare(pairs, { with: "baseline", label: `baseline of ${known?.at ?? "?"}` }, level);
}

/** How a case did, and the mean score that judges gave it. */
type Outcome = CaseCount & { readonly score?: number | undefined };

interface NamedPair extends Pair {
  readonly name: string;
  readonly before: Outcome;
  readonly now: Outcome;
}

function pairUp(cases: readonly CaseResult[], before: (one: CaseResult) => Outcome | undefined): NamedPair[] {
  return cases.flatMap((one) => {
    const then = before(one);
    const now = { ...countOfCase(one), score: scoreOfCase(one) };
    return then === undefined ? [] : [{ name: caseKey(one), before: then, now }];
  });
}

function compare(
  pairs: readonly NamedPair[],
  what: Pick<Compared, "with" | "label">,
  level: Level,
): Compared {
  const comparison = comparePairs(pairs);
  const change = ({ before, now }: Pair) =>
    before.samples === 0 || now.samples === 0 ? 0 : now.passed / now.samples - before.passed / before.samples;
  return {
    ...what,
    ...comparison,
    verdict: verdictOf(comparison, level),
    score: compareScores(pairs),
    worseCases: pairs.filter((pair) => change(pair) < 0).map(({ name }) => name),
    betterCases: pairs.filter((pair) => change(pair) > 0).map(({ name }) => name),
  };
}

function compareScores(pairs: readonly NamedPair[]): Compared["score"] {
  const differences = pairs.flatMap(({ before, now }) =>
    before.score === undefined || now.score === undefined ? [] : now.score - before.score,
  );
  return differences.length === 0
    ? undefined
    : { ...bootstrapShares(differences), pairs: differences.length };
}

function statisticsOf(
  { label, client, revision }: VariantInfo,
  cases: readonly CaseResult[],
  { samples, prices }: SummaryOptions,
): Omit<VariantResult, "comparisons"> {
  const counts = cases.map(countOfCase);
  const answers = cases.flatMap((one) => one.samples);
  const scores = answers.flatMap(({ score }) => score ?? []);
  return {
    label,
    client,
    revision,
    cases,
    rate: passRate(counts),
    passHatK: Array.from({ length: samples }, (_, index) => passHatK(counts, index + 1) ?? 0),
    score: scores.length === 0 ? undefined : meanOf(scores),
    usage: sumUsage(answers),
    money: moneyFor(answers, prices),
    latency: latencyOf(answers),
    cached: answers.filter(({ cached }) => cached).length,
    errors: answers.filter(({ outcome }) => outcome === "error").length,
  };
}

function sumUsage(samples: readonly Sample[]): Usage {
  const sum = (field: keyof Usage) => samples.reduce((total, { usage }) => total + (usage?.[field] ?? 0), 0);
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    cachedInputTokens: sum("cachedInputTokens"),
  };
}

function latencyOf(samples: readonly Sample[]): Latency | undefined {
  const times = samples
    .flatMap(({ answered, durationMs }) => (answered === "" ? [] : [durationMs]))
    .sort((a, b) => a - b);
  if (times.length === 0) return undefined;
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
  return { median: at(0.5), p95: at(0.95), max: times.at(-1) ?? 0 };
}
