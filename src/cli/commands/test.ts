import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { OFFLINE_MODEL_NAME as OFFLINE } from "../../model/offline/offline-model.ts";
import { readRecordedCall } from "../../model/recording.ts";
import { startRecordingModel } from "../../model/recording-model.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import { type BamlFiles, declarations } from "../../prompts/baml/source.ts";
import { modelClient } from "../../prompts/models/providers.ts";
import { only } from "../../prompts/models/select-model.ts";
import { answersOf } from "../../workbench/baml-tests/answers.ts";
import { lostTests } from "../../workbench/baml-tests/lost-tests.ts";
import { readBamlOutput, reportOf } from "../../workbench/baml-tests/read-output.ts";
import type { Dataset } from "../../workbench/evals/dataset.ts";
import type { Variant } from "../../workbench/evals/evaluate.ts";
import { hasPassed } from "../../workbench/evals/gate.ts";
import { hasDatasets, readDatasets } from "../../workbench/evals/read-dataset.ts";
import { type FormWarning, formWarnings } from "../../workbench/form-warning.ts";
import { type ProseWarning, proseWarnings } from "../../workbench/prose-warning.ts";
import { evalTests } from "../../workbench/reports/eval-tests.ts";
import { annotation } from "../../workbench/reports/github.ts";
import type { ReportedTest } from "../../workbench/reports/junit.ts";
import { evalTable } from "../../workbench/reports/table.ts";
import { rateInWords } from "../../workbench/reports/words.ts";
import { annotate, printer } from "../annotate.ts";
import { bamlComplaint, runBamlCli } from "../baml/baml-cli.ts";
import { EXIT } from "../exit.ts";
import { hasConfig } from "../load-config.ts";
import type { Session } from "../session.ts";
import { chooseModel, type TestModel } from "../test-model.ts";
import { checkReports, writeReports } from "../write-reports.ts";
import { knownNames, runEvals } from "./eval.ts";

export interface TestOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** The built-in model, whatever the environment names. */
  readonly offline?: boolean;
  /** A recording that answers instead of a model. */
  readonly recording?: string;
  readonly report?: readonly string[];
}

/** What a run of `baml-cli test` means; `NONE`: no test was chosen. */
const BAML = { passed: 0, failed: 2, none: 5 } as const;

/**
 * `twelvefold test`: the BAML tests of the project, then the datasets of `evals/`. Who is asked: the model of
 * `TWELVEFOLD_MODEL`, or the server of `TWELVEFOLD_BASE_URL`; without either, or with `--offline`, the built-in offline model;
 * with `--recording` nobody. A provider's key alone chooses nothing here, so that nothing is paid for unasked. Filters choose
 * among the BAML tests, and leave the datasets out.
 */
export async function test(session: Session, options: TestOptions): Promise<number> {
  const { folder, json } = session;
  const { report = [], include, exclude } = options;
  checkReports(report);
  const hasTests = checkSources(folder);
  // The project's other tests, which come after this, use it.
  await session.requireFreshClient();
  checkNoneIsLost(folder);
  const filtered = include !== undefined || exclude !== undefined;
  const datasets = filtered || !hasDatasets(folder) ? [] : await datasetsOf(session);
  const model = await chooseModel(session, options);
  if (!hasTests && !filtered && datasets.length === 0)
    throw new UsageError(
      "invalid_argument",
      "there are no BAML tests in baml_src, and no datasets in evals/",
    );
  const baml = hasTests || filtered ? await runBamlTests(session, model, options) : NO_TESTS;
  const print = printer(session);
  if (!json) for (const line of bamlLines(baml, model, session)) print(line);
  const warnings = await warningsOf(session);
  if (!json) for (const warning of warnings) warn(session, warning);
  const run = datasets.length === 0 ? undefined : await runEvals(session, datasets, {}, [variantOf(model)]);
  if (run === undefined && datasets.length > 0) return EXIT.interrupted;
  const passed = baml.passed && run?.gate.passed !== false;
  writeReports(session, { tests: baml.reported, run }, report);
  if (json) {
    const { tests, output } = baml;
    print(
      JSON.stringify({
        passed,
        tests,
        model: model.what,
        output,
        results: baml.reported,
        warnings,
        evals: run,
      }),
    );
  } else if (run !== undefined) {
    const cases = run.variants.reduce((sum, variant) => sum + variant.cases.length, 0);
    // Where all is well one line is enough, as with the BAML tests.
    if (!run.gate.passed) for (const line of evalTable(run, session.colors)) print(line);
    const [variant] = run.variants;
    const rate = variant === undefined ? "" : `, ${rateInWords(variant.rate)} passed`;
    const known =
      variant?.cases.filter((one) => one.knownFailure !== undefined && !hasPassed(one)).length ?? 0;
    const failing = known === 0 ? "" : `, ${known} known to fail`;
    const verdict = run.gate.passed ? "" : "; not good enough";
    print(`Evals: ${countOf(cases, "case")}${rate}${failing}${verdict} (${visible(model.what)})`);
  }
  annotate(session, [...baml.reported, ...(run === undefined ? [] : evalTests(run))]);
  return passed ? EXIT.ok : EXIT.failed;
}

interface BamlOutcome {
  readonly passed: boolean;
  readonly tests: number;
  readonly reported: readonly ReportedTest[];
  readonly output: string;
}

const NO_TESTS: BamlOutcome = { passed: true, tests: 0, reported: [], output: "" };

async function runBamlTests(session: Session, model: TestModel, options: TestOptions): Promise<BamlOutcome> {
  const { folder, env } = session;
  const filters = [
    ...(options.include ?? []).flatMap((filter) => ["-i", filter]),
    ...(options.exclude ?? []).flatMap((filter) => ["-x", filter]),
  ];
  const scratch = mkdtempSync(join(tmpdir(), "twelvefold-test-"));
  const file = join(scratch, "calls.jsonl");
  // BAML does not say what was answered: the answers pass through here.
  const recorder = await startRecordingModel({ upstream: model.url, file });
  try {
    const { code, output } = await runBamlCli(folder, ["test", "--from", "baml_src", ...filters], {
      ...env,
      TWELVEFOLD_BASE_URL: recorder.url,
      TWELVEFOLD_API_KEY: model.key ?? "none",
      TWELVEFOLD_MODEL_NAME: model.name ?? "twelvefold-offline",
    });
    if (code === BAML.none) {
      throw new UsageError("invalid_argument", `BAML tests: no test matches ${filters.join(" ")}`);
    }
    const ran = /Test run completed, (\d+) tests? \(/.exec(output)?.[1];
    if (ran === undefined) {
      throw new UsageError("invalid_configuration", `the BAML tests cannot run: ${bamlComplaint(output)}`);
    }
    await recorder.close();
    const calls = existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .flatMap((line) => readRecordedCall(line) ?? [])
      : [];
    const files = readSources(folder);
    const reported = readBamlOutput(output).map((one) =>
      reportOf(one, one.outcome === "passed" ? undefined : answersOf(one.name, files, calls)?.join("\n")),
    );
    return { passed: code === BAML.passed, tests: Number(ran), reported, output };
  } finally {
    await recorder.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function bamlLines(
  { passed, tests, reported }: BamlOutcome,
  { what }: TestModel,
  { colors: c }: Session,
): string[] {
  if (tests === 0) return ["BAML tests: there are none in baml_src"];
  if (passed) return [`BAML tests: ${tests} passed (${visible(what)})`];
  const failed = reported.filter(({ outcome }) => outcome.kind !== "passed");
  return [
    ...failed.flatMap(({ suite, name, file, line, outcome }) => [
      `${c.red(outcome.kind === "failed" ? "FAILED" : "ERROR")} ${suite}::${name}  ${c.dim(`${file}:${line}`)}`,
      ...("details" in outcome
        ? visible(outcome.details)
            .split("\n")
            .filter((text) => text !== "")
            .map((text) => `    ${text}`)
        : []),
    ]),
    `BAML tests: ${failed.length} of ${tests} failed (${visible(what)})`,
  ];
}

async function datasetsOf(session: Session): Promise<readonly Dataset[]> {
  const { agents } = await session.config();
  const agent = agents.length === 1 ? agents[0]?.name : undefined;
  return readDatasets({ folder: session.folder, agent, known: await knownNames(session) });
}

function variantOf({ client, url, key, name }: TestModel): Variant {
  const options = { model: name ?? OFFLINE, base_url: url, api_key: key ?? "none" };
  const model = only(modelClient(client, { provider: "openai-generic", options }));
  return { label: client, client, model, notKept: name === undefined };
}

/** Prompts that ask for words beside the JSON although their function takes none, and those that do not say which JSON. */
async function warningsOf(session: Session): Promise<readonly (ProseWarning | FormWarning)[]> {
  if (!hasConfig(session.folder)) return [];
  const { agents } = await session.config();
  const names = agents.flatMap(({ nextStep }) => (nextStep.prose === "none" ? [nextStep.name] : []));
  const sources = readSources(session.folder);
  const all = agents.map(({ nextStep }) => nextStep.name);
  return [...proseWarnings(sources, names), ...formWarnings(sources, all)];
}

function warn({ terminal, env }: Session, warning: ProseWarning | FormWarning): void {
  const { functionName, file, line } = warning;
  const title = "phrase" in warning ? `${functionName} asks for prose` : `${functionName} names no form`;
  const message =
    "phrase" in warning
      ? `the prompt says "${warning.phrase}", but its function has prose: "none", so that words beside the JSON are doubt: ask for them in a first field, or set prose: "before" or "marked"`
      : "the prompt does not tell the model which JSON it may answer with: write {{ ctx.output_format }} where it should stand";
  if (env["GITHUB_ACTIONS"] === "true") terminal.out(annotation("warning", { title, message, file, line }));
  else terminal.err(visible(`${file}:${line}: ${title}: ${message}`));
}

function readSources(folder: string): BamlFiles {
  const sources = join(folder, "baml_src");
  const names = readdirSync(sources, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".baml"));
  return Object.fromEntries(
    names.map((name) => [name.replaceAll("\\", "/"), readFileSync(join(sources, name), "utf8")]),
  );
}

/** Whether there are BAML tests. Throws if there are no sources, or if the tests would ask a model other than the one configured. */
function checkSources(folder: string): boolean {
  const sources = join(folder, "baml_src");
  if (!existsSync(sources)) {
    const message = `there is no baml_src in ${folder}: run this in your project's folder`;
    throw new UsageError("invalid_configuration", message);
  }
  const files = readSources(folder);
  if (!declarations(files).some(({ kind }) => kind === "test")) return false;
  if (Object.values(files).some((text) => text.includes("env.TWELVEFOLD_BASE_URL"))) return true;
  throw new UsageError(
    "invalid_configuration",
    'no client in baml_src reads env.TWELVEFOLD_BASE_URL, so its tests would ask another model than the one named: give the clients base_url env.TWELVEFOLD_BASE_URL, api_key env.TWELVEFOLD_API_KEY, model env.TWELVEFOLD_MODEL_NAME and provider "openai-generic"',
  );
}

function checkNoneIsLost(folder: string): void {
  const [lost] = lostTests(readSources(folder));
  if (lost === undefined) return;
  const message = `baml_src/${lost.file}: test ${lost.name} names the function ${lost.functionName}, which is not declared: BAML would leave the test out`;
  throw new UsageError("invalid_configuration", message);
}
