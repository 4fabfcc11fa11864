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

const MOST_CASES = 50;

/** A run as Markdown, for a pull request or a step's summary. */
export function evalMarkdown(run: EvalRun): string {
  const { variants, gate, samples } = run;
  const verdict = gate.passed ? "passed" : "did not pass";
  return [
    `## Evals: ${verdict}`,
    "",
    ...gate.reasons.map((reason) => `- **${inline(reason)}**`),
    ...gate.notes.map((note) => `- ${inline(note)}`),
    "",
    `| variant | pass rate (95 %) |${samples > 1 ? ` pass^${samples} |` : ""} tokens | latency | money |`,
    `|---|---|${samples > 1 ? "---|" : ""}---|---|---|`,
    ...variants.map((variant) => row(variant, samples)),
    "",
    ...variants.flatMap(({ label, comparisons }) =>
      comparisons.map((one) => `${inline(label)} against ${inline(comparisonInWords(one))}.  `),
    ),
    ...variants.flatMap((variant) => failedCases(variant, variants.length > 1)),
  ]
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()
    .concat("\n");
}

function row({ label, rate, passHatK, usage, latency, money }: VariantResult, samples: number): string {
  const cells = [
    inline(label),
    rateInWords(rate),
    ...(samples > 1 ? [percent(passHatK.at(-1) ?? 0)] : []),
    tokensInWords(usage),
    latencyInWords(latency),
    inline(moneyInWords(money)),
  ];
  return `| ${cells.join(" | ")} |`;
}

function failedCases({ label, cases }: VariantResult, several: boolean): string[] {
  const failed = cases.filter(
    (one) => hasFailed(one) || one.samples.some(({ outcome }) => outcome === "error"),
  );
  if (failed.length === 0) return [];
  const shown = failed.slice(0, MOST_CASES);
  const more = failed.length - shown.length;
  return [
    "",
    `<details><summary>${failed.length} failed${several ? ` (${inline(label)})` : ""}</summary>`,
    "",
    ...shown.flatMap(caseLines),
    ...(more > 0 ? [`- and ${more} more`] : []),
    "",
    "</details>",
  ];
}

function caseLines(one: CaseResult): string[] {
  const bad = one.samples.find(({ outcome }) => outcome !== "passed");
  const known = one.knownFailure === undefined ? "" : `, known to fail: ${inline(one.knownFailure)}`;
  const must = one.severity === "must" && one.knownFailure === undefined ? "**must** " : "";
  return [
    `- ${must}${inline(caseKey(one))} (\`${one.file.replaceAll("`", "")}:${one.line}\`${known})`,
    `  - ${inline((bad?.failures ?? []).join("; "), 600)}`,
    `  - answered: ${code(bad?.answered ?? "")}`,
  ];
}

/** Text that Markdown and HTML take for nothing else, on one line; nobody is mentioned and no issue linked. */
function inline(text: string, limit = 300): string {
  return visibleLine(text, limit)
    .replace(/[\\`*_{}[\]#!|<>~$&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/@(?=\w)/g, "&#64;")
    .replace(/\bhttps?:/gi, (scheme) => `${scheme.slice(0, -1)}&#58;`);
}

/** Text as code that it cannot close. */
function code(text: string): string {
  const line = visibleLine(text, 300).replaceAll("|", "\\|");
  if (line === "") return "nothing";
  const longest = Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence} ${line} ${fence}`;
}
