import { githubAnnotations, withoutCommands } from "../workbench/reports/github.ts";
import type { ReportedTest } from "../workbench/reports/junit.ts";
import type { Session } from "./session.ts";

function inGithub({ env }: Session): boolean {
  return env["GITHUB_ACTIONS"] === "true";
}

/** In a step of GitHub Actions, shows what failed at the lines of the pull request. */
export function annotate(session: Session, tests: readonly ReportedTest[]): void {
  if (!inGithub(session) || session.json) return;
  for (const line of githubAnnotations(tests)) session.terminal.out(line);
}

/** Prints results. In a step of GitHub Actions no text from a case or a model can be a command to its runner. */
export function printer(session: Session): (text: string) => void {
  const { terminal } = session;
  if (!inGithub(session)) return (text) => terminal.out(text);
  // In JSON the mark stands inside a string.
  return (text) => terminal.out(session.json ? text.replaceAll("##[", "##\\u005b") : withoutCommands(text));
}
