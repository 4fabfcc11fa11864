// What `import … from "twelvefold/workbench"` gives: prompts tested like code. Statistics, evals, kept answers, reports.
export { type AnswerCache, type KeptAnswer, openAnswerCache } from "./answers/answer-cache.ts";
export { type Asked, type AskOptions, askNextStep } from "./answers/ask.ts";
export { type Attack, type AttackOptions, attackAgent } from "./attack/attack.ts";
export { type Targets, targetsOf } from "./attack/goals.ts";
export {
  type Goal,
  INJECTION_KINDS,
  type Injection,
  type InjectionKind,
  type Place,
} from "./attack/injection.ts";
export { INJECTIONS } from "./attack/injections/all.ts";
export { type AttackOutcome, BARRIERS, type Barrier } from "./attack/outcome.ts";
export {
  type DecisionTest,
  type DecisionTestOptions,
  decisionTest,
} from "./baml-tests/decision-test.ts";
export { type CollectedCase, collectCorrections } from "./collect.ts";
export {
  type DecidedStep,
  type Decision,
  decisionsIn,
  type LastThreads,
  lastThreads,
  type StoredThread,
} from "./decisions.ts";
export type { DeployOptions } from "./deploy/check-thread.ts";
export { type CheckedThread, type DeployCheckOptions, deployCheck } from "./deploy/deploy-check.ts";
export { DEPLOY_EFFECTS, type DeployEffect, type DeployFinding } from "./deploy/finding.ts";
export {
  BASELINE_FILE,
  type Baseline,
  type CaseBaseline,
  type ClientBaseline,
  readBaseline,
  writeBaseline,
} from "./evals/baseline.ts";
export type {
  Dataset,
  EvalCase,
  Expectation,
  Happening,
  Operators,
  Predicate,
  Severity,
} from "./evals/dataset.ts";
export { type EvalOptions, type EvalProgress, evaluate, type Variant } from "./evals/evaluate.ts";
export type { Judge, Judged, Judgement, Judges } from "./evals/judge.ts";
export type { EvalPrices } from "./evals/price-table.ts";
export type { Money } from "./evals/prices.ts";
export { type DatasetSource, parseDataset, type ReadOptions, readDatasets } from "./evals/read-dataset.ts";
export type {
  CaseResult,
  Compared,
  EvalRun,
  Gate,
  Latency,
  Sample,
  VariantInfo,
  VariantResult,
} from "./evals/results.ts";
export type { KnownNames } from "./evals/unknown-names.ts";
export type { AskedThen } from "./regression/diff-requests.ts";
export {
  type DiffOptions,
  diffRequest,
  type RequestChange,
  type RequestDiff,
} from "./regression/diff-requests.ts";
export { agreement, type Redecided, redecide } from "./regression/redecide.ts";
export { type Changes, type Grading, type Reparsed, reparse } from "./regression/reparse.ts";
export { type LastDecisions, lastDecisions, type StoredDecision } from "./regression/stored-decisions.ts";
export { evalPage } from "./reports/eval-page.ts";
export { evalTests } from "./reports/eval-tests.ts";
export { githubAnnotations } from "./reports/github.ts";
export { junitXml, type ReportedTest } from "./reports/junit.ts";
export { evalMarkdown } from "./reports/markdown.ts";
export { agentAt, type Revision, readRevision } from "./revision.ts";
export {
  type Comparison,
  comparePairs,
  DEFAULT_LEVEL,
  type PairedTest,
  type Verdict,
  verdictOf,
} from "./statistics/compare.ts";
export { type CaseCount, type Interval, passRate, type Rate, wilsonInterval } from "./statistics/interval.ts";
export { type McNemar, mcNemarExact } from "./statistics/mcnemar.ts";
export type { Pair } from "./statistics/pair.ts";
export { passHatK } from "./statistics/pass-hat-k.ts";
export { pairedBootstrap, type ResampleOptions, signFlip, type Tails } from "./statistics/resampling.ts";
