import type { Agent } from "../../agent/agent.ts";
import { UsageError } from "../../base/errors.ts";
import type { ModelChoice } from "../../prompts/types.ts";
import type { Step } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";

/** What a judge looks at. */
export interface Judged {
  readonly agent: Agent;
  /** The thread up to where the model was asked. */
  readonly thread: Thread;
  /** The step that the model proposed. */
  readonly step: Step;
  /** The text exactly as the model wrote it. */
  readonly raw: string;
  /** The model of this run, for a judge that asks one. */
  readonly model: ModelChoice | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Judgement {
  readonly pass: boolean;
  /** From 0 to 1. */
  readonly score?: number | undefined;
  readonly reason?: string | undefined;
}

/**
 * Says whether a step is good, by code or by asking a model with a BAML function of its own. What it throws counts as no
 * verdict: the answer is neither passed nor failed.
 */
export type Judge = (judged: Judged) => Judgement | boolean | Promise<Judgement | boolean>;

export type Judges = Readonly<Record<string, Judge>>;

/** Asks a judge. Throws `UsageError` for a name that the configuration does not have, and for a verdict that is none. */
export async function askJudge(judges: Judges, name: string, judged: Judged): Promise<Judgement> {
  const verdict = await judgeNamed(judges, name)(judged);
  if (typeof verdict === "boolean") return { pass: verdict };
  const { pass, score } = verdict ?? {};
  if (typeof pass === "boolean" && (score === undefined || (score >= 0 && score <= 1))) return verdict;
  throw new UsageError(
    "invalid_configuration",
    `the judge ${name} must give { pass, score from 0 to 1, reason }`,
  );
}

/** Throws `UsageError` for a name that the configuration does not have. */
export function judgeNamed(judges: Judges, name: string): Judge {
  const judge = Object.hasOwn(judges, name) ? judges[name] : undefined;
  if (judge !== undefined) return judge;
  throw new UsageError("invalid_argument", judgeProblem(judges, name) ?? "");
}

/** What is wrong with the name of a judge; `undefined`: there is one of this name. */
export function judgeProblem(judges: Judges, name: string): string | undefined {
  if (Object.hasOwn(judges, name)) return undefined;
  const known = Object.keys(judges);
  const there =
    known.length === 0 ? "twelvefold.config.ts has none under evals.judges" : `known: ${known.join(", ")}`;
  return `there is no judge ${JSON.stringify(name)}; ${there}`;
}
