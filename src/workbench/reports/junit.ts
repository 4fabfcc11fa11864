import { escapeXml } from "../../present/escape-xml.ts";
import { visible } from "../../present/visible-text.ts";

/** One test of a report. */
export interface ReportedTest {
  /** What it belongs to: a function, or a dataset and who was asked. */
  readonly suite: string;
  readonly name: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly seconds: number;
  readonly outcome:
    | { readonly kind: "passed" }
    | { readonly kind: "failed"; readonly message: string; readonly details: string }
    /** No verdict could be had. */
    | { readonly kind: "error"; readonly message: string; readonly details: string }
    /** It did not count. */
    | { readonly kind: "skipped"; readonly message: string };
}

/** Tests in JUnit's XML, as CI systems read it. Whatever the texts hold, they stay texts. */
export function junitXml(name: string, tests: readonly ReportedTest[]): string {
  const suites = [...Map.groupBy(tests, ({ suite }) => suite)].map(([suite, own]) => {
    const cases = own.map(testXml).join("\n");
    return `  <testsuite name="${text(suite)}" ${counts(own)}>\n${cases}\n  </testsuite>`;
  });
  const body = suites.length === 0 ? "" : `${suites.join("\n")}\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${text(name)}" ${counts(tests)}>\n${body}</testsuites>\n`;
}

function counts(tests: readonly ReportedTest[]): string {
  const of = (kind: ReportedTest["outcome"]["kind"]) =>
    tests.filter(({ outcome }) => outcome.kind === kind).length;
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  return `tests="${tests.length}" failures="${of("failed")}" errors="${of("error")}" skipped="${of("skipped")}" time="${seconds.toFixed(3)}"`;
}

function testXml({ suite, name, file, line, seconds, outcome }: ReportedTest): string {
  const place = `${file === undefined ? "" : ` file="${text(file)}"`}${line === undefined ? "" : ` line="${line}"`}`;
  const opening = `    <testcase classname="${text(suite)}" name="${text(name)}"${place} time="${seconds.toFixed(3)}"`;
  switch (outcome.kind) {
    case "passed":
      return `${opening}/>`;
    case "skipped":
      return `${opening}>\n      <skipped message="${text(outcome.message)}"/>\n    </testcase>`;
    case "failed":
      return `${opening}>\n      <failure message="${text(outcome.message)}">${text(outcome.details)}</failure>\n    </testcase>`;
    case "error":
      return `${opening}>\n      <error message="${text(outcome.message)}">${text(outcome.details)}</error>\n    </testcase>`;
    default:
      return outcome satisfies never;
  }
}

function text(value: string): string {
  return escapeXml(visible(value));
}
