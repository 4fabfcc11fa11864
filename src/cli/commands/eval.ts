import { join, resolve } from "node:path";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { localModel, selectModel } from "../../prompts/models/select-model.ts";
import type { ModelChoice } from "../../prompts/types.ts";
import { openAnswerCache } from "../../workbench/answers/answer-cache.ts";
import { BASELINE_FILE, readBaseline, writeBaseline } from "../../workbench/evals/baseline.ts";
import type { Dataset } from "../../workbench/evals/dataset.ts";
import { evaluate, type Variant } from "../../workbench/evals/evaluate.ts";
import { readDatasets } from "../../workbench/evals/read-dataset.ts";
import type { EvalRun } from "../../workbench/evals/results.ts";
import type { KnownNames } from "../../workbench/evals/unknown-names.ts";
import { evalTests } from "../../workbench/reports/eval-tests.ts";
import { evalTable } from "../../workbench/reports/table.ts";
import { type Revision, readRevision } from "../../workbench/revision.ts";
import { annotate, printer } from "../annotate.ts";
import { limitCalls } from "../call-rate.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { checkReports, writeReports } from "../write-reports.ts";

export interface EvalCommandOptions {
  readonly agent?: string;
  readonly case?: readonly string[];
  readonly client?: readonly string[];
  readonly prompts?: readonly string[];
  readonly samples?: number;
  readonly concurrency?: number;
  readonly perMinute?: number;
  readonly fresh?: boolean;
  readonly cache?: string;
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
  readonly report?: readonly string[];
  readonly offline?: boolean;
}

/** Where answers are kept unless `--cache` names another place; git ignores it. */
export const ANSWERS_FOLDER = ".twelvefold/answers";

/** The name of the current prompts for `--prompts`. */
const NOW = "now";

/** `twelvefold eval [dataset…]`: asks the model about each case, and fails only on a real drop. */
export async function evalCommand(
  session: Session,
  only: readonly string[],
  options: EvalCommandOptions,
): Promise<number> {
  const { terminal, colors, json, folder } = session;
  checkOptions(options);
  checkReports(options.report ?? []);
  // Faults in a dataset are reported before anything else is started.
  const datasets = chooseCases(
    readDatasets({ folder, only, agent: await agentOf(session, options), known: await knownNames(session) }),
    options.case,
  );
  const run = await runEvals(session, datasets, options);
  if (run === undefined) {
    terminal.err("\nInterrupted. The answers so far are kept: the same command goes on from there.");
    return EXIT.interrupted;
  }
  const whole = run.variants.every(({ errors }) => errors === 0);
  if (options.updateBaseline === true && whole) {
    const path = baselinePath(session, options);
    writeBaseline(path, readBaseline(path), run.variants, run.at);
    terminal.err(colors.dim(`wrote ${options.baseline ?? BASELINE_FILE}`));
  } else if (options.updateBaseline === true) {
    terminal.err(colors.red("the baseline stays as it is: not every answer could be had"));
  }
  writeReports(session, { tests: [], run }, options.report ?? []);
  annotate(session, evalTests(run));
  const print = printer(session);
  if (json) print(JSON.stringify(run, null, 2));
  else for (const line of evalTable(run, colors)) print(line);
  return run.gate.passed || (options.updateBaseline === true && whole) ? EXIT.ok : EXIT.failed;
}

/** The agents and judges of the project, of which cases may speak. */
export async function knownNames(session: Session): Promise<KnownNames> {
  const { agents, evals } = await session.config();
  return { agents, judges: evals?.judges ?? {} };
}

/** Runs datasets with the variants that the options name; `undefined`: it was interrupted. */
export async function runEvals(
  session: Session,
  datasets: readonly Dataset[],
  options: EvalCommandOptions,
  given?: readonly Variant[],
): Promise<EvalRun | undefined> {
  const { terminal, folder } = session;
  const { agents, evals } = await session.config();
  await session.requireFreshClient();
  const admit = await limitCalls(session, options.perMinute);
  const variants = given ?? (await variantsOf(session, options));
  const baseline = options.updateBaseline === true ? undefined : readBaseline(baselinePath(session, options));
  const progress = showProgress(terminal, "evals");
  try {
    return await untilInterrupted((signal) =>
      evaluate({
        datasets,
        agents,
        variants,
        folder,
        samples: options.samples,
        concurrency: options.concurrency,
        cache: openAnswerCache(resolve(folder, options.cache ?? ANSWERS_FOLDER), { fresh: options.fresh }),
        judges: evals?.judges,
        prices: evals?.prices,
        baseline,
        signal,
        admit,
        now: Date.now,
        onProgress: progress,
      }),
    );
  } finally {
    progress(undefined);
  }
}

function checkOptions({
  updateBaseline,
  prompts,
  samples,
  concurrency,
  case: cases,
}: EvalCommandOptions): void {
  if (samples === 0 || concurrency === 0) {
    throw new UsageError("invalid_argument", "--samples and --concurrency must be at least 1");
  }
  if (updateBaseline !== true) return;
  if (prompts !== undefined) {
    throw new UsageError(
      "invalid_argument",
      "--update-baseline works only with the current prompts: leave out --prompts",
    );
  }
  if (cases !== undefined) {
    throw new UsageError(
      "invalid_argument",
      "--update-baseline works only with whole datasets: leave out --case",
    );
  }
}

/** The agent for cases that name none: the one given by option, or the only one there is. */
async function agentOf(session: Session, { agent }: EvalCommandOptions): Promise<string | undefined> {
  const { agents } = await session.config();
  if (agent !== undefined) {
    if (agents.some(({ name }) => name === agent)) return agent;
    const known = agents.map(({ name }) => name).join(", ");
    throw new NotFoundError(`--agent: there is no agent ${JSON.stringify(agent)}; known: ${known}`, {
      agent,
    });
  }
  return agents.length === 1 ? agents[0]?.name : undefined;
}

function chooseCases(
  datasets: readonly Dataset[],
  wanted: readonly string[] | undefined,
): readonly Dataset[] {
  if (wanted === undefined) return datasets;
  const chosen = datasets.map((dataset) => ({
    ...dataset,
    cases: dataset.cases.filter(({ name }) => wanted.some((text) => name.includes(text))),
  }));
  if (chosen.some(({ cases }) => cases.length > 0)) return chosen;
  throw new UsageError(
    "invalid_argument",
    `no case has a name with ${wanted.map((text) => JSON.stringify(text)).join(" or ")}`,
  );
}

function baselinePath({ folder }: Session, { baseline }: EvalCommandOptions): string {
  return baseline === undefined ? join(folder, BASELINE_FILE) : resolve(folder, baseline);
}

/** Each client combined with each revision of the prompts. */
async function variantsOf(session: Session, options: EvalCommandOptions): Promise<readonly Variant[]> {
  const clients = await clientsOf(session, options);
  const names = options.prompts ?? [NOW];
  const revisions: (Revision | undefined)[] = [];
  for (const name of new Set(names)) {
    revisions.push(name === NOW ? undefined : await readRevision(session.folder, name));
  }
  return clients.flatMap((client) =>
    revisions.map((prompts) => {
      const of = prompts === undefined ? "" : `${prompts.name} (${prompts.commit})`;
      const parts = [
        ...(clients.length > 1 || prompts === undefined ? [client.client] : []),
        ...(of === "" ? [] : [of]),
      ];
      return { ...client, label: parts.join(", "), revision: prompts?.name, prompts };
    }),
  );
}

type Client = Pick<Variant, "client" | "model" | "defaultModel" | "notKept">;

async function clientsOf(
  session: Session,
  { client, offline }: EvalCommandOptions,
): Promise<readonly Client[]> {
  const { env } = session;
  if (offline === true) return [await offlineClient(session)];
  if (client === undefined) {
    const selected = selectModel(env);
    if (selected.kind === "offline") return [await offlineClient(session)];
    return [{ client: nameOf(selected.choice), defaultModel: await session.model() }];
  }
  const clients: Client[] = [];
  for (const name of new Set(client)) {
    const selected = selectModel({ ...env, TWELVEFOLD_MODEL: name });
    if (selected.kind === "offline") clients.push(await offlineClient(session));
    else clients.push({ client: name, model: selected.choice });
  }
  return clients;
}

async function offlineClient(session: Session): Promise<Client> {
  const { OFFLINE_MODEL_NAME, startOfflineModel } = await import("../../model/offline/offline-model.ts");
  const server = await startOfflineModel();
  session.onClose(() => server.close());
  const model = localModel(OFFLINE_MODEL_NAME, server.url);
  return { client: OFFLINE_MODEL_NAME, model, notKept: true };
}

function nameOf({ clients }: ModelChoice): string {
  return clients.map(({ name }) => name).join(", ");
}
