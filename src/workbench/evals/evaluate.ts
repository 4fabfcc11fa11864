import type { Agent } from "../../agent/agent.ts";
import { digestOf } from "../../base/digest.ts";
import { TwelvefoldError, UsageError } from "../../base/errors.ts";
import { toJson } from "../../base/json.ts";
import { checkNames, type NamesOf } from "../../base/options.ts";
import {
  MissingCredentialsError,
  ProviderRejectedError,
  ProviderUnavailableError,
} from "../../prompts/errors.ts";
import type { Admit, Answer, ModelChoice } from "../../prompts/types.ts";
import type { Thread } from "../../thread/thread.ts";
import type { AnswerCache } from "../answers/answer-cache.ts";
import { askNextStep } from "../answers/ask.ts";
import { inPool } from "../pool.ts";
import { agentAt, type Revision } from "../revision.ts";
import { DEFAULT_LEVEL } from "../statistics/compare.ts";
import type { Baseline } from "./baseline.ts";
import { threadKey } from "./case-parts.ts";
import { threadOfCase } from "./case-thread.ts";
import { type AskJudge, checkAnswer } from "./check-answer.ts";
import type { Dataset, EvalCase } from "./dataset.ts";
import { askJudge, type Judges } from "./judge.ts";
import type { EvalPrices } from "./price-table.ts";
import type { CaseResult, EvalRun, Sample, VariantInfo } from "./results.ts";
import { summarizeRun } from "./summarize.ts";
import { unknownNames } from "./unknown-names.ts";

/** Who is asked, with which prompts. */
export interface Variant extends VariantInfo {
  /** Answers even if the agent has a model of its own. */
  readonly model?: ModelChoice | undefined;
  /** Answers otherwise. */
  readonly defaultModel?: ModelChoice | undefined;
  /** The prompts; absent: those of now. */
  readonly prompts?: Revision | undefined;
  /** Its answers are not kept: the built-in model costs nothing and changes with the package. */
  readonly notKept?: boolean | undefined;
}

export interface EvalOptions {
  readonly datasets: readonly Dataset[];
  readonly agents: readonly Agent[];
  readonly variants: readonly Variant[];
  /** The project's folder, from which the cases' files are read. */
  readonly folder: string;
  /** Answers to each case. Default 1. */
  readonly samples?: number | undefined;
  /** Answers asked for at the same time. Default 4. */
  readonly concurrency?: number | undefined;
  readonly cache?: AnswerCache | undefined;
  readonly judges?: Judges | undefined;
  readonly prices?: EvalPrices | undefined;
  readonly baseline?: Baseline | undefined;
  /** The gate's rate of false alarms. Default 0.05. */
  readonly level?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Asked before each attempt, to limit how much a client is asked. */
  readonly admit?: Admit | undefined;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** Called after each answer. What it throws ends the run. */
  readonly onProgress?: ((progress: EvalProgress) => void) | undefined;
}

const NAMES: NamesOf<EvalOptions> = {
  datasets: true,
  agents: true,
  variants: true,
  folder: true,
  samples: true,
  concurrency: true,
  cache: true,
  judges: true,
  prices: true,
  baseline: true,
  level: true,
  signal: true,
  admit: true,
  now: true,
  onProgress: true,
};

export interface EvalProgress {
  readonly done: number;
  readonly of: number;
  readonly failed: number;
}

interface Job {
  readonly variant: Variant;
  readonly agent: Agent;
  readonly thread: Thread;
  readonly one: EvalCase;
  readonly sample: number;
}

/**
 * Asks each variant about each case and holds the answers against what is expected. No tool runs: the model is asked for one
 * step. An answer that could not be had counts as neither passed nor failed, and fails the gate.
 *
 * Throws `UsageError` with file and line for a case that cannot be asked, or that names an agent, a judge, an intent or a field
 * that is not there, and the provider's error where it refuses the key or the model: every other case would fail alike.
 */
export async function evaluate(options: EvalOptions): Promise<EvalRun> {
  checkNames("evaluate", NAMES, options);
  const { datasets, variants, samples = 1, concurrency = 4, signal, now, onProgress } = options;
  const started = now();
  const plans = datasets.flatMap(({ name, cases }) =>
    cases.filter(({ review }) => review !== true).map((one) => planOf(name, one, options)),
  );
  const jobs = variants.flatMap((variant) => {
    const asked = agentsOf(variant, plans);
    return plans.flatMap(({ one, thread, agent }) =>
      Array.from(
        { length: samples },
        (_, sample): Job => ({ variant, agent: asked.get(agent) ?? agent, thread, one, sample }),
      ),
    );
  });
  const progress = { done: 0, failed: 0 };
  let answered = 0;
  const answers = await inPool(jobs, { concurrency, signal }, async (job) => {
    const sample = await answerOne(job, options);
    progress.done += 1;
    if (sample.outcome !== "error" || sample.answered !== "") answered += 1;
    if (answered === 0 && progress.done >= ENOUGH_SILENCE) throw noAnswers(job.variant, sample);
    if (sample.outcome !== "passed" && job.one.knownFailure === undefined) progress.failed += 1;
    onProgress?.({ ...progress, of: jobs.length });
    return sample;
  });
  const results = variants.map((variant, index) => ({
    variant,
    cases: plans.map(({ result }, at): CaseResult => {
      const first = (index * plans.length + at) * samples;
      return { ...result, samples: answers.slice(first, first + samples) };
    }),
  }));
  return summarizeRun(results, {
    at: new Date(started).toISOString(),
    samples,
    level: options.level ?? DEFAULT_LEVEL,
    prices: options.prices,
    baseline: options.baseline,
    awaitingReview: datasets.flatMap(({ cases }) => cases).filter(({ review }) => review === true).length,
  });
}

/** After so many answers that could not be had, and none that could, the model is not asked any more. */
const ENOUGH_SILENCE = 8;

function noAnswers({ client }: Variant, { failures }: Sample): ProviderUnavailableError {
  const message = `the first ${ENOUGH_SILENCE} answers could not be had: ${failures[0] ?? "no answer"}`;
  return new ProviderUnavailableError(message, { client, attempts: [] });
}

interface Plan {
  readonly one: EvalCase;
  readonly agent: Agent;
  readonly thread: Thread;
  readonly result: Omit<CaseResult, "samples">;
}

/** The agents with the prompts of a variant, each compiled once. */
function agentsOf({ prompts }: Variant, plans: readonly Plan[]): ReadonlyMap<Agent, Agent> {
  const agents = [...new Set(plans.map(({ agent }) => agent))];
  return new Map(agents.map((agent) => [agent, prompts === undefined ? agent : agentAt(agent, prompts)]));
}

/** Everything about a case that can be wrong shows before anything is asked. */
function planOf(set: string, one: EvalCase, { agents, folder, judges = {} }: EvalOptions): Plan {
  const { name, file, line, severity, knownFailure, expect } = one;
  const agent = agents.find((candidate) => candidate.name === one.agent);
  const [misfit] = unknownNames(one, { agents, judges });
  if (misfit !== undefined || agent === undefined) {
    const message = `${file}:${line}: ${misfit?.message ?? "there is no agent"}`;
    throw new UsageError("invalid_argument", message, { details: { file, line } });
  }
  const thread = threadOfCase(one, agent, folder);
  const digest = digestOf([threadKey(thread), toJson(expect)]).slice(0, 16);
  return { one, agent, thread, result: { set, name, file, line, severity, knownFailure, digest } };
}

async function answerOne(
  { variant, agent, thread, one, sample }: Job,
  options: EvalOptions,
): Promise<Sample> {
  const { signal, admit, judges = {} } = options;
  const { model, defaultModel } = variant;
  const nothing = { answered: "", usage: null, durationMs: 0, cached: false, client: variant.client };
  let given: { readonly answer: Answer<unknown>; readonly cached: boolean };
  try {
    const cache = variant.notKept === true ? undefined : options.cache;
    given = await askNextStep(agent, thread, { model, defaultModel, cache, sample, signal, admit });
  } catch (error) {
    if (signal?.aborted === true || !isPassing(error)) throw error;
    return { ...nothing, outcome: "error", failures: [messageOf(error)] };
  }
  const { answer, cached } = given;
  const { raw, usage, durationMs, client } = answer.completion;
  const said = {
    answered: raw,
    usage,
    durationMs,
    cached,
    client,
    grade: answer.ok ? answer.fidelity.grade : undefined,
  };
  try {
    const ask: AskJudge = (judge, step) =>
      askJudge(judges, judge, { agent, thread, step, raw, model: model ?? defaultModel, signal });
    const { failures, score } = await checkAnswer(answer, one.expect, ask, agent.severalSteps);
    return { ...said, outcome: failures.length === 0 ? "passed" : "failed", failures, score };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return { ...said, outcome: "error", failures: [`no verdict: ${messageOf(error)}`] };
  }
}

/** False where the key, the model's name or the call is wrong: asking on would only repeat it. */
function isPassing(error: unknown): boolean {
  if (error instanceof MissingCredentialsError) return false;
  if (error instanceof ProviderRejectedError) return ![401, 402, 403, 404].includes(error.status ?? 0);
  return (
    TwelvefoldError.isInstance(error) &&
    error.code !== "invalid_configuration" &&
    error.code !== "invalid_argument"
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
