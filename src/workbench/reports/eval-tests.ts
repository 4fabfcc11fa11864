import { type CaseResult, countOfCase, type EvalRun, type VariantResult } from "../evals/results.ts";
import type { ReportedTest } from "./junit.ts";

/** The cases of a run as tests: one for each case and variant, and one for the gate's verdict on the whole. */
export function evalTests(run: EvalRun): ReportedTest[] {
  const cases = run.variants.flatMap((variant) => variant.cases.map((one) => caseTest(variant, one)));
  return [...cases, gateTest(run)];
}

/**
 * A case that may fail is no failed test: the gate's test says whether too many did. One that is known to fail is skipped,
 * with its reason.
 */
function caseTest({ label }: VariantResult, one: CaseResult): ReportedTest {
  const seconds = one.samples.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  const place = { suite: `${one.set} (${label})`, name: one.name, file: one.file, line: one.line, seconds };
  const bad = one.samples.find(({ outcome }) => outcome !== "passed");
  if (bad === undefined) return { ...place, outcome: { kind: "passed" } };
  const { passed, samples } = countOfCase(one);
  const message =
    one.samples.length > 1
      ? `${passed} of ${samples} passed: ${bad.failures.join("; ")}`
      : bad.failures.join("; ");
  const details = `${bad.failures.join("\n")}\n\nanswered: ${bad.answered}`;
  if (bad.outcome === "error") return { ...place, outcome: { kind: "error", message, details } };
  if (one.knownFailure !== undefined) {
    return { ...place, outcome: { kind: "skipped", message: `known to fail: ${one.knownFailure}` } };
  }
  if (one.severity === "must") return { ...place, outcome: { kind: "failed", message, details } };
  return {
    ...place,
    outcome: { kind: "skipped", message: `failed, which counts in the pass rate: ${message}` },
  };
}

function gateTest({ gate }: EvalRun): ReportedTest {
  const { passed, reasons } = gate;
  const details = reasons.join("\n");
  const outcome = passed
    ? ({ kind: "passed" } as const)
    : ({ kind: "failed", message: reasons[0] ?? "", details } as const);
  return { suite: "evals", name: "good enough", seconds: 0, outcome };
}
