import type { EvalRun } from "../workbench/evals/results.ts";
import type { Session } from "./session.ts";

export async function writeReports(
  _session: Session,
  _run: EvalRun,
  _files: readonly string[],
): Promise<void> {}
