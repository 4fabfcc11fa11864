import type { Colors } from "picocolors/types.js";
import { visibleLine } from "../../present/visible-text.ts";
import { hasFailed } from "../evals/gate.ts";
import { type CaseResult, caseKey, type EvalRun, type VariantResult } from "../evals/results.ts";
import {
  comparisonInWords,
  latencyInWords,
  moneyInWords,
  percent,
  rateInWords,
  tokensInWords,
} from "./words.ts";

/** A run for the terminal: a row for each variant, what failed and what was answered, and what the gate says. */
export function evalTable(run: EvalRun, c: Colors): string[] {
  const { variants, gate } = run;
  return [
    ...variantRows(run, c),
    ...variants.flatMap((variant) => failedLines(variant, run, c)),
    ...variants.flatMap((variant) =>
      variant.comparisons.map(
        (one) => `${visibleLine(variant.label)} against ${visibleLine(comparisonInWords(one), 400)}`,
      ),
    ),
    ...gate.notes.map((note) => c.dim(visibleLine(note, 400))),
    ...gate.reasons.map((reason) => c.red(visibleLine(reason, 400))),
  ];
}

function variantRows({ variants, samples }: EvalRun, c: Colors): string[] {
  const all = `pass^${samples}`;
  const header = [
    "variant",
    "cases",
    "pass rate (95 %)",
    ...(samples > 1 ? [all] : []),
    "tokens",
    "latency",
    "money",
  ];
  const rows = variants.map((variant) => [
    visibleLine(variant.label, 60),
    String(variant.cases.length),
    rateInWords(variant.rate),
    ...(samples > 1 ? [percent(variant.passHatK.at(-1) ?? 0)] : []),
    tokensInWords(variant.usage),
    `${latencyInWords(variant.latency)}${variant.cached > 0 ? `, ${variant.cached} kept` : ""}`,
    moneyInWords(variant.money),
  ]);
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [c.bold(line(header)), ...rows.map(line)];
}

function failedLines({ label, cases }: VariantResult, run: EvalRun, c: Colors): string[] {
  const failed = cases.filter(
    (one) => hasFailed(one) || one.samples.some(({ outcome }) => outcome === "error"),
  );
  const known = failed.filter(({ knownFailure }) => knownFailure !== undefined);
  const unknown = failed.filter(({ knownFailure }) => knownFailure === undefined);
  if (failed.length === 0) return [];
  const heading = run.variants.length > 1 ? [`${visibleLine(label)}:`] : [];
  const aboutKnown =
    known.length === 0
      ? []
      : [
          c.dim(
            `${known.length} known to fail: ${known.map(({ name }) => visibleLine(name, 60)).join(", ")}`,
          ),
        ];
  return [...heading, ...unknown.flatMap((one) => caseLines(one, c)), ...aboutKnown];
}

function caseLines(one: CaseResult, c: Colors): string[] {
  const bad = one.samples.filter(({ outcome }) => outcome !== "passed");
  const [first] = bad;
  const often = one.samples.length > 1 ? ` ${bad.length} of ${one.samples.length}` : "";
  const mark = first?.outcome === "error" ? "?" : "✗";
  const place = c.dim(`${one.file}:${one.line}`);
  return [
    `${c.red(mark)} ${one.severity === "must" ? c.bold("must ") : ""}${visibleLine(caseKey(one))}${often}  ${place}`,
    ...(first?.failures ?? []).slice(0, 4).map((failure) => `    ${visibleLine(failure, 300)}`),
    ...(first === undefined || first.answered === ""
      ? []
      : [c.dim(`    answered: ${visibleLine(first.answered, 300)}`)]),
  ];
}
