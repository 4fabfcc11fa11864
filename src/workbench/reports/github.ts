import { visible } from "../../present/visible-text.ts";
import type { ReportedTest } from "./junit.ts";

/**
 * Annotations that GitHub shows at the lines of a pull request: an error for each test that failed, a warning for each without
 * a verdict. Texts are escaped, so that none can be a command of its own.
 */
export function githubAnnotations(tests: readonly ReportedTest[]): string[] {
  return tests.flatMap(({ suite, name, file, line, outcome }) => {
    if (outcome.kind !== "failed" && outcome.kind !== "error") return [];
    return annotation(outcome.kind === "failed" ? "error" : "warning", {
      title: `${suite}: ${name}`,
      message: outcome.details,
      file,
      line,
    });
  });
}

export interface Annotation {
  readonly title: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

export function annotation(level: "error" | "warning", { title, message, file, line }: Annotation): string {
  const properties = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(title)}`,
  ];
  return `::${level} ${properties.join(",")}::${escapeMessage(visible(message).slice(0, 4000))}`;
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return escapeMessage(visible(text)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/**
 * A line of any other output as GitHub's runner may read it: it takes a line that begins with `::`, or holds `##[`, for a
 * command, whoever wrote it.
 */
export function withoutCommands(output: string): string {
  return output.replace(/^(\s*):(?=:)/gm, "$1: ").replaceAll("##[", "## [");
}
