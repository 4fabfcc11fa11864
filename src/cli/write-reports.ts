import { writeFileSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { makeFolder } from "../base/make-folder.ts";
import type { EvalRun } from "../workbench/evals/results.ts";
import { evalPage } from "../workbench/reports/eval-page.ts";
import { evalTests } from "../workbench/reports/eval-tests.ts";
import { junitXml, type ReportedTest } from "../workbench/reports/junit.ts";
import { evalMarkdown } from "../workbench/reports/markdown.ts";
import type { Session } from "./session.ts";

/** What can be reported: tests alone, or with a run of evals. */
export interface Reported {
  readonly tests: readonly ReportedTest[];
  readonly run?: EvalRun | undefined;
}

const WRITERS: Readonly<Record<string, (reported: Reported) => string | undefined>> = {
  ".html": ({ run }) => run && evalPage(run),
  ".md": ({ run }) => run && evalMarkdown(run),
  ".xml": ({ tests, run }) =>
    junitXml("twelvefold", [...tests, ...(run === undefined ? [] : evalTests(run))]),
  ".json": ({ tests, run }) =>
    `${JSON.stringify(run === undefined || tests.length > 0 ? { tests, evals: run } : run, null, 2)}\n`,
};

/** Throws `UsageError` for a report whose ending says nothing: before anything is asked or paid. */
export function checkReports(files: readonly string[]): void {
  const unknown = files.find((file) => WRITERS[extname(file)] === undefined);
  if (unknown === undefined) return;
  const message = `no report is known for ${JSON.stringify(unknown)}: take .html (a page), .md (Markdown), .xml (JUnit) or .json`;
  throw new UsageError("invalid_argument", message);
}

/** Writes each report, and says so. */
export function writeReports(
  { folder, terminal, colors }: Session,
  reported: Reported,
  files: readonly string[],
): void {
  for (const file of files) {
    const report = WRITERS[extname(file)]?.(reported);
    if (report === undefined) {
      terminal.err(colors.dim(`${file}: there are no evals to report on`));
      continue;
    }
    const path = resolve(folder, file);
    makeFolder(dirname(path));
    writeFileSync(path, report);
    terminal.err(colors.dim(`wrote ${file}`));
  }
}
