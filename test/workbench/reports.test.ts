import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import pc from "picocolors";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/model/random.ts";
import type { Baseline } from "../../src/workbench/evals/baseline.ts";
import type { EvalRun, Sample } from "../../src/workbench/evals/results.ts";
import { type Answered, summarizeRun } from "../../src/workbench/evals/summarize.ts";
import { evalPage } from "../../src/workbench/reports/eval-page.ts";
import { evalTests } from "../../src/workbench/reports/eval-tests.ts";
import { githubAnnotations, withoutCommands } from "../../src/workbench/reports/github.ts";
import { junitXml } from "../../src/workbench/reports/junit.ts";
import { evalMarkdown } from "../../src/workbench/reports/markdown.ts";
import { evalTable } from "../../src/workbench/reports/table.ts";
import { moneyInWords, percent } from "../../src/workbench/reports/words.ts";
import { anyText } from "../any-text.ts";
import { browserIsThere, openBrowser } from "../inbox/browser/browser.ts";
import { propertyRuns } from "../property-runs.ts";

const UNSEEN = /(?![\t\n])[\p{Cc}\u202e]/u;
const plain = pc.createColors(false);
const HOSTILE = [
  `<script>alert(1)</script><img src=x onerror=alert(1)>`,
  `"><svg onload=alert(1)> ' & ]]> </testcase> -->`,
  "\n::error::owned\n::add-mask::x ##[group]y",
  "| a | b |\n# heading [link](https://example.com) ![i](https://example.com/i.png) @everyone #1 ```x``` </details>",
  "\u202e\u001b[31m\u0000\ud800 100%0A",
];

function runOf(
  texts: readonly string[],
  samples = 2,
  variants = ["openai/gpt-5-mini", "ollama/qwen3"],
): EvalRun {
  const random = seededRandom(9);
  const answered = variants.map(
    (client): Answered => ({
      variant: { label: client, client },
      cases: texts.map((text, index) => ({
        set: "calculator",
        name: `${index} ${text}`,
        file: "evals/calculator.yaml",
        line: index + 3,
        severity: index % 2 === 0 ? "must" : "should",
        knownFailure: index === 4 ? `why not ${text}` : undefined,
        digest: "d",
        samples: Array.from({ length: samples }, (_, sample): Sample => {
          const outcome = index === 3 ? "error" : sample === 0 && index < 5 ? "failed" : "passed";
          const failures = outcome === "passed" ? [] : [`must not be ${text}`];
          const usage = { inputTokens: 400, outputTokens: 20, cachedInputTokens: 0 };
          return {
            outcome,
            failures,
            answered: `{"intent": "${text}"}`,
            grade: "exact",
            usage,
            durationMs: 100 * random(),
            cached: false,
            client,
          };
        }),
      })),
    }),
  );
  const known = texts.map(
    (text, index) => [`calculator: ${index} ${text}`, { digest: "d", passed: 2, samples: 2 }] as const,
  );
  const baseline: Baseline = {
    v: 1,
    clients: { "openai/gpt-5-mini": { at: "2026-11-20", cases: Object.fromEntries(known) } },
  };
  return summarizeRun(answered, {
    at: "2026-11-26T01:00:00.000Z",
    samples,
    level: 0.05,
    prices: undefined,
    baseline,
    awaitingReview: 1,
  });
}

const run = runOf([...HOSTILE, "plain", "also plain"]);

describe("F2.17 reports", { tags: "F2.17" }, () => {
  it("JUnit: a must that fails is a failure, one without a verdict an error, others say why they do not count", () => {
    const tests = evalTests(run);
    expect(tests.map(({ outcome }) => outcome.kind).slice(0, 7)).toEqual([
      "failed",
      "skipped",
      "failed",
      "error",
      "skipped",
      "passed",
      "passed",
    ]);
    expect(tests.at(-1)).toMatchObject({ suite: "evals", name: "good enough", outcome: { kind: "failed" } });
    const xml = junitXml("twelvefold", tests);
    expect(xml).toContain('<testsuites name="twelvefold" tests="15" failures="5" errors="2" skipped="4"');
    expect(xml).toContain('file="evals/calculator.yaml" line="3"');
    expect(xml).toContain("known to fail: why not");
    expect(junitXml("twelvefold", [])).toContain('tests="0"');
  });

  it("JUnit: whatever the texts hold, the XML has the elements that it should have", () => {
    const names = fc.oneof(anyText(), fc.constantFrom(...HOSTILE));
    fc.assert(
      fc.property(names, names, (name, message) => {
        const test = {
          suite: name,
          name: message,
          file: name,
          seconds: 0,
          outcome: { kind: "failed", message, details: name },
        } as const;
        const xml = junitXml(name, [test]);
        const elements = [...xml.matchAll(/<\/?[a-z]+/g)].map(([element]) => element);
        expect(elements).toEqual([
          "<testsuites",
          "<testsuite",
          "<testcase",
          "<failure",
          "</failure",
          "</testcase",
          "</testsuite",
          "</testsuites",
        ]);
        // No character that XML forbids, no entity that it does not know.
        expect(xml).not.toMatch(/[\p{Cs}\uFFFE\uFFFF]|(?![\t\n])\p{Cc}|&(?!(?:amp|lt|gt|quot|#39);)/u);
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("annotations stand at the line of the case, and no text is a command of its own", () => {
    const lines = githubAnnotations(evalTests(run));
    expect(lines[0]).toMatch(
      /^::error file=evals\/calculator\.yaml,line=3,title=calculator \(openai\/gpt-5-mini\)%3A 0 <script>/,
    );
    expect(lines.filter((line) => line.startsWith("::warning "))).toHaveLength(2);
    for (const line of lines) expect(line).not.toMatch(/[\r\n]/);
    const safe = withoutCommands(`ok\n  ::add-mask::x\n::stop-commands::y\na ##[group]b`);
    expect(safe).not.toMatch(/^\s*::/m);
    expect(safe).not.toContain("##[");
  });

  it("Markdown says what failed and why, and texts are no markup, no links and nobody's name", () => {
    const text = evalMarkdown(run);
    expect(text).toMatch(/^## Evals: did not pass\n/);
    expect(text).toContain("| openai/gpt-5-mini | 66.7 % (");
    expect(text).toContain("against baseline of 2026-11-20");
    const outsideCode = text.replace(/(`+) .*? \1/g, "").replace(/<\/?(?:details|summary)>/g, "");
    expect(outsideCode).not.toMatch(/<[a-z!/]/i);
    expect(outsideCode).not.toMatch(/\]\(|@everyone|https?:|^# /m);
    expect(text.replace(/(`+) .*? \1/g, "").match(/<\/?details>/g)).toEqual([
      "<details>",
      "</details>",
      "<details>",
      "</details>",
    ]);
  });

  it("the table says what was answered where a case failed", () => {
    const text = evalTable(run, plain).join("\n");
    expect(text).toMatch(/^variant +cases +pass rate \(95 %\) +pass\^2 +tokens/);
    expect(text).toContain('answered: {"intent": "<script>alert(1)</script>');
    expect(text).toContain("evals/calculator.yaml:3");
    expect(text).toContain("1 known to fail");
    expect(text).not.toMatch(UNSEEN);
  });

  it("the page has no scripts, no network, and texts stay texts", () => {
    const page = evalPage(run);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(?:script|img|link|iframe|form)\b/i);
    expect(page.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/i);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toMatch(UNSEEN);
    for (const heading of [
      "Pass rate",
      "Compared",
      "Latency",
      "pass^k",
      "Cases",
      "Variants",
      "What failed",
    ]) {
      expect(page).toContain(`<h2>${heading}</h2>`);
    }
  });

  it("a run without answers has a page too", () => {
    const page = evalPage(runOf([], 1, ["offline"]));
    expect(page).toContain("0 cases");
    expect(page).not.toContain("NaN");
  });

  it.skipIf(!browserIsThere)(
    "the page fits a phone and a desk, in light and dark, and asks for nothing",
    async () => {
      const file = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "report.html");
      writeFileSync(file, evalPage(run));
      const browser = await openBrowser();
      try {
        for (const width of [1280, 390]) {
          for (const colorScheme of ["light", "dark"] as const) {
            const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
            const problems: string[] = [];
            page.on("console", (message) => problems.push(message.text()));
            page.on("request", (request) => {
              if (!request.url().startsWith("file:")) problems.push(request.url());
            });
            await page.goto(pathToFileURL(file).href);
            expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
            expect(problems).toEqual([]);
            await page.close();
          }
        }
      } finally {
        await browser.close();
      }
    },
  );

  it("figures are written as people read them; an unknown price has none", () => {
    expect([percent(0.5), percent(0.9351), percent(1)]).toEqual(["50 %", "93.5 %", "100 %"]);
    expect(moneyInWords(undefined)).toBe("–");
    expect(moneyInWords({ amount: 0.01234, spent: 0, currency: "USD", asOf: "2026-11-25" })).toBe(
      "USD 0.0123, 0 of it now (prices of 2026-11-25)",
    );
  });
});
