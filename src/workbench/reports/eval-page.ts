import { escapeXml } from "../../present/escape-xml.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import { type CaseResult, caseKey, countOfCase, type EvalRun, type VariantResult } from "../evals/results.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { type Mark, type PlotRow, plot, roundScale, type Scale, type Tone } from "./plots.ts";
import {
  comparisonInWords,
  latencyInWords,
  milliseconds,
  moneyInWords,
  percent,
  rateInWords,
  tokensInWords,
} from "./words.ts";

const MOST_ANSWER = 4000;

/**
 * A run as one page that needs nothing else: no scripts, no network, light and dark, as wide as a phone or a desk. What cases
 * and models say stands in it as text.
 */
export function evalPage(run: EvalRun): string {
  const { variants, gate, at, samples } = run;
  const cases = variants[0]?.cases.length ?? 0;
  const asked = `${countOf(cases, "case")}, ${countOf(samples, "sample")} each, ${countOf(variants.length, "variant")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evals</title>
<style>
${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Evals <span class="badge ${gate.passed ? "good" : "bad"}">${gate.passed ? "passed" : "did not pass"}</span></h1>
<p class="soft">${asked}, <time datetime="${text(at)}">${text(at.slice(0, 16).replace("T", " "))} UTC</time></p>
${list(gate.reasons, "reasons")}${list(gate.notes, "soft")}
</header>
<div class="plots">
${section(ratePlot(variants))}
${section(differencePlot(variants))}
${section(latencyPlot(variants))}
${section(samples > 1 ? passHatKPlot(variants) : "")}
</div>
${section(cells(variants))}
${section(`<h2>Variants</h2>${variantTable(variants, samples)}`)}
${section(failures(variants))}
<footer>Intervals are Wilson's, at 95 %. A drop is one if chance alone brings it in at most ${percent(run.level)} of runs.</footer>
</main>
</body>
</html>
`;
}

function section(body: string): string {
  return body === "" ? "" : `<section>${body}</section>`;
}

function text(value: string): string {
  return escapeXml(visible(value));
}

function list(items: readonly string[], name: string): string {
  return items.length === 0
    ? ""
    : `<ul class="${name}">${items.map((item) => `<li>${text(item)}</li>`).join("")}</ul>`;
}

const SHARES: Scale = { min: 0, max: 1, ticks: [0, 0.25, 0.5, 0.75, 1], write: (share) => percent(share, 0) };

function ratePlot(variants: readonly VariantResult[]): string {
  const rows = variants.map(
    ({ label, rate }): PlotRow => ({
      label: visible(label),
      figure: rateInWords(rate),
      marks:
        rate.samples === 0
          ? []
          : [
              { kind: "range", from: rate.low, to: rate.high, tone: "accent" },
              { kind: "dot", at: rate.rate, tone: "accent" },
            ],
    }),
  );
  return `<h2>Pass rate</h2>${plot("The share of answers that passed, with its 95 % interval", SHARES, rows)}`;
}

function differencePlot(variants: readonly VariantResult[]): string {
  const compared = variants.flatMap(({ label, comparisons }) =>
    comparisons.filter(({ pairs }) => pairs > 0).map((one) => ({ label, one })),
  );
  if (compared.length === 0) return "";
  const widest = Math.max(0.1, ...compared.flatMap(({ one }) => [-one.difference.low, one.difference.high]));
  const most = Math.min(1, Math.ceil(widest * 10) / 10);
  const write = (share: number) =>
    `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(0)}`;
  const scale: Scale = { min: -most, max: most, ticks: [-most, -most / 2, 0, most / 2, most], write };
  const rows = compared.map(({ label, one }): PlotRow => {
    const tone: Tone = one.verdict === "drop" ? "bad" : one.verdict === "rise" ? "good" : "soft";
    const { low, high, mean } = one.difference;
    const marks: Mark[] = [
      { kind: "rule", at: 0 },
      { kind: "range", from: low, to: high, tone },
      { kind: "dot", at: mean, tone },
    ];
    return { label: `${visible(label)} against ${visible(comparisonInWords(one))}`, figure: "", marks };
  });
  return `<h2>Compared</h2>${plot("Points of the pass rate, case by case; left of the line is worse", scale, rows)}`;
}

function latencyPlot(variants: readonly VariantResult[]): string {
  const times = variants.flatMap(({ latency }) => latency?.max ?? []);
  if (times.length === 0) return "";
  const rows = variants.map(({ label, latency, cases }): PlotRow => {
    const answers = cases.flatMap(({ samples }) => samples).filter(({ answered }) => answered !== "");
    // So many ticks say as much as all of them.
    const every = Math.ceil(answers.length / 300);
    const ticks = answers
      .filter((_, index) => index % every === 0)
      .map(({ durationMs }): Mark => ({ kind: "tick", at: durationMs, tone: "soft" }));
    const dot: Mark[] = latency === undefined ? [] : [{ kind: "dot", at: latency.median, tone: "accent" }];
    return { label: visible(label), figure: latencyInWords(latency), marks: [...ticks, ...dot] };
  });
  return `<h2>Latency</h2>${plot("Each answer, and the median", roundScale(Math.max(...times), milliseconds), rows)}`;
}

function passHatKPlot(variants: readonly VariantResult[]): string {
  const rows = variants.map(({ label, passHatK }) => {
    const bars = passHatK
      .map(
        (share, index) =>
          `<div>${percent(share, 0)}<i style="height:${(60 * share).toFixed(1)}%"></i>k = ${index + 1}</div>`,
      )
      .join("");
    return `<div class="label"><span>${text(label)}</span></div><div class="bars">${bars}</div>`;
  });
  return `<h2>pass^k</h2><p class="soft">How probable it is that k answers to a case all pass</p>${rows.join("")}`;
}

const KINDS = {
  pass: { mark: "✓", words: "passed" },
  fail: { mark: "✗", words: "failed" },
  part: { mark: "~", words: "passed in part" },
  known: { mark: "✗", words: "failed, as is known" },
  none: { mark: "?", words: "no answer or verdict" },
} as const;

function kindOf(one: CaseResult): keyof typeof KINDS {
  const { passed, samples } = countOfCase(one);
  if (samples === 0) return "none";
  if (passed === samples) return "pass";
  if (one.knownFailure !== undefined) return "known";
  return passed === 0 ? "fail" : "part";
}

function cells(variants: readonly VariantResult[]): string {
  const strips = variants.map(({ label, cases }, variant) => {
    const all = cases.map((one, index) => {
      const kind = kindOf(one);
      const { mark, words } = KINDS[kind];
      const title = `${text(caseKey(one))}: ${words}`;
      return kind === "pass"
        ? `<span class="cell pass" title="${title}">${mark}</span>`
        : `<a class="cell ${kind}" href="#c${variant}-${index}" title="${title}" aria-label="${title}">${mark}</a>`;
    });
    const heading = variants.length > 1 ? `<div class="label"><span>${text(label)}</span></div>` : "";
    return `${heading}<div class="cells">${all.join("")}</div>`;
  });
  const used = new Set(variants.flatMap((variant) => variant.cases.map(kindOf)));
  const legend = Object.entries(KINDS)
    .filter(([kind]) => [...used].some((one) => one === kind))
    .map(
      ([kind, { mark, words }]) =>
        `<span><span class="cell ${kind}" aria-hidden="true">${mark}</span>${words}</span>`,
    );
  return `<h2>Cases</h2>${strips.join("")}<div class="legend">${legend.join("")}</div>`;
}

function variantTable(variants: readonly VariantResult[], samples: number): string {
  const scored = variants.some(({ score }) => score !== undefined);
  const head = [
    "variant",
    "pass rate (95 %)",
    ...(samples > 1 ? [`pass^${samples}`] : []),
    ...(scored ? ["score"] : []),
    "tokens",
    "latency",
    "money",
    "kept",
  ];
  const rows = variants.map((variant) => [
    variant.label,
    rateInWords(variant.rate),
    ...(samples > 1 ? [percent(variant.passHatK.at(-1) ?? 0)] : []),
    ...(scored ? [variant.score?.toFixed(2) ?? "–"] : []),
    tokensInWords(variant.usage),
    latencyInWords(variant.latency),
    moneyInWords(variant.money),
    String(variant.cached),
  ]);
  const line = (tag: string, items: readonly string[]) =>
    `<tr>${items.map((item) => `<${tag}>${text(item)}</${tag}>`).join("")}</tr>`;
  return `<div class="scroll" tabindex="0"><table><thead>${line("th", head)}</thead><tbody>${rows.map((row) => line("td", row)).join("")}</tbody></table></div>`;
}

function failures(variants: readonly VariantResult[]): string {
  const blocks = variants.flatMap(({ label, cases }, variant) =>
    cases.flatMap((one, index) =>
      kindOf(one) === "pass" ? [] : [failure(one, `c${variant}-${index}`, variants.length > 1 ? label : "")],
    ),
  );
  return blocks.length === 0 ? "" : `<h2>What failed</h2>${blocks.join("\n")}`;
}

function failure(one: CaseResult, id: string, label: string): string {
  const must = one.severity === "must" && one.knownFailure === undefined;
  const open = must ? " open" : "";
  const { passed, samples } = countOfCase(one);
  const often = one.samples.length > 1 ? ` · ${passed} of ${samples} passed` : "";
  const about = `${one.file}:${one.line}${label === "" ? "" : ` · ${label}`}${often}`;
  const chip = must
    ? '<span class="chip must">must</span> '
    : one.knownFailure === undefined
      ? ""
      : '<span class="chip">known</span> ';
  const known =
    one.knownFailure === undefined ? "" : `<p class="soft">Known to fail: ${text(one.knownFailure)}</p>`;
  const bad = one.samples
    .filter(({ outcome }) => outcome !== "passed")
    .map(({ failures: reasons, answered }) => {
      const said =
        answered === ""
          ? ""
          : `<pre>${text(answered.slice(0, MOST_ANSWER))}${answered.length > MOST_ANSWER ? "…" : ""}</pre>`;
      return `${list(reasons, "why")}${said}`;
    });
  return `<details id="${id}"${open}><summary>${chip}${text(caseKey(one))} <span class="soft">${text(about)}</span></summary>${known}${bad.join("")}</details>`;
}
