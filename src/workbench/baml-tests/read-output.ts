import type { ReportedTest } from "../reports/junit.ts";

/** One test of a `.baml` file, as BAML's own command told its outcome. */
export interface BamlTest {
  readonly functionName: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly seconds: number;
  readonly outcome: "passed" | "failed" | "error";
  /** What was wrong, in BAML's words. */
  readonly message: string;
}

const RESULT = /^\s*([\d.]+)s\s+(PASSED|FAILED|ERROR|[A-Z_ ]+?)\s+(\w+)::(\w+)\s*$/;
const PLACE = /^\s+(\S.*\.baml):(\d+)\s*$/;

/**
 * The tests in what `baml-cli test` prints: it writes nothing for programs. What is neither passed nor failed there, as a test
 * that a person would have to judge, counts as without a verdict.
 */
export function readBamlOutput(output: string): BamlTest[] {
  const lines = output.slice(Math.max(0, output.indexOf("INFO: Test results"))).split("\n");
  const tests: BamlTest[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [found, seconds = "", outcome = "", functionName = "", name = ""] =
      RESULT.exec(lines[at] ?? "") ?? [];
    if (found === undefined) continue;
    const [, file = "baml_src", line = "1"] = PLACE.exec(lines[at + 1] ?? "") ?? [];
    const rest = lines.slice(at + 2);
    const end = rest.findIndex((one) => RESULT.test(one) || /^-{10,}$/.test(one) || /^\S/.test(one));
    tests.push({
      functionName,
      name,
      file,
      line: Number(line),
      seconds: Number(seconds),
      outcome: outcome === "PASSED" ? "passed" : outcome === "FAILED" ? "failed" : "error",
      message: shorten(rest.slice(0, end === -1 ? rest.length : end)),
    });
  }
  return tests;
}

/** Without the parser's notes about each type of a union, which fill a page. */
function shorten(lines: readonly string[]): string {
  const text = lines
    .map((line) => line.trim())
    .join("\n")
    .trim();
  const cause = /ParsingError \{ scope: \[\], reason: "((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (cause !== undefined) return `the answer is not what the function returns: ${cause}`;
  if (/^\w+$/.test(text)) return `the assertion ${text} does not hold`;
  return text
    .replace(/ - failed(?=\S)/g, " - failed, ")
    .replace(/ - passed(?=\S)/g, " - passed, ")
    .replace(/\n+Request options: .*$/s, "");
}

/** As a test of a report. `answered`: what the model said, where it is known. */
export function reportOf(test: BamlTest, answered: string | undefined): ReportedTest {
  const { functionName, name, file, line, seconds, outcome, message } = test;
  const place = { suite: functionName, name, file, line, seconds };
  if (outcome === "passed") return { ...place, outcome: { kind: "passed" } };
  const details = answered === undefined ? message : `${message}\n\nanswered: ${answered}`;
  return { ...place, outcome: { kind: outcome, message: message === "" ? outcome : message, details } };
}
