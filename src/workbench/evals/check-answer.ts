import type { SeveralSteps } from "../../agent/agent.ts";
import { type AnsweredStep, stepsOfAnswer } from "../../agent/steps-of-answer.ts";
import { describeFidelity } from "../../base/fidelity.ts";
import { isJsonArray, isJsonObject, type Json, toJson } from "../../base/json.ts";
import type { Accepted, Answer } from "../../prompts/types.ts";
import type { Step } from "../../thread/events.ts";
import type { Expectation } from "./dataset.ts";
import type { Judgement } from "./judge.ts";
import { problemOf } from "./predicate.ts";

/** Asks a judge of the configuration about the step. */
export type AskJudge = (name: string, step: Step) => Promise<Judgement>;

/** Whether an answer is as expected, and why not. */
export interface Checked {
  /** Empty: it is. */
  readonly failures: readonly string[];
  /** The mean score of the judges that gave one. */
  readonly score?: number | undefined;
}

const GRADES = ["doubtful", "tolerant", "exact"] as const;

/** Holds an answer against what is expected. A refused answer holds nothing. */
export async function checkAnswer(
  answer: Answer<unknown>,
  expected: Expectation,
  askJudge: AskJudge,
  severalSteps: SeveralSteps = "first",
): Promise<Checked> {
  if (!answer.ok) return { failures: [`the answer was refused: ${answer.message}`] };
  const steps = readSteps(answer);
  if (steps.length === 0) return { failures: ["the answer holds no step"] };
  const scores: number[] = [];
  const judge = async (name: string, about: Step): Promise<Judgement> => {
    const judgement = await askJudge(name, about);
    if (judgement.score !== undefined) scores.push(judgement.score);
    return judgement;
  };
  const running = severalSteps === "first" ? steps.slice(0, 1) : steps;
  const failures = await failuresOf({ steps, running }, expected, judge);
  const score = scores.length === 0 ? undefined : scores.reduce((sum, one) => sum + one, 0) / scores.length;
  return { failures, score };
}

/** A step of an answer, with BAML's checks and without. */
interface ReadStep extends AnsweredStep {
  readonly raw: Json;
}

interface Given {
  /** All that were answered. */
  readonly steps: readonly ReadStep[];
  /** Those that would run. */
  readonly running: readonly ReadStep[];
}

async function failuresOf(given: Given, expected: Expectation, askJudge: AskJudge): Promise<string[]> {
  const { intent, fields, checks, anyOf, not, steps, anyStep } = expected;
  const { running } = given;
  const [only, ...others] = running;
  if (intent !== undefined || fields !== undefined) {
    if (only === undefined || others.length > 0) {
      const intents = running.map(({ step }) => step.intent).join(", ");
      return [`one step is expected, not ${running.length} (${intents}): say under steps what each must be`];
    }
    const intents = [intent ?? only.step.intent].flat();
    // Of another step, fields and alternatives say nothing more.
    if (!intents.includes(only.step.intent))
      return [`intent must be ${intents.join(" or ")}, not ${only.step.intent}`];
  }
  const failures: string[] = [];
  for (const [name, predicate] of Object.entries(fields ?? {})) {
    const problem = only === undefined ? "is absent" : problemOf(fieldOf(only.step, name), predicate);
    if (problem !== undefined) failures.push(`${name} ${problem}`);
  }
  if (checks !== undefined) failures.push(...checkFailures(running, checks));
  for (const one of running) {
    const place = others.length === 0 ? "" : `${one.step.intent}: `;
    for (const failure of await eachFailures(one, expected, askJudge)) failures.push(place + failure);
  }
  if (anyOf !== undefined) failures.push(...(await anyFailures(given, anyOf, askJudge)));
  if (not !== undefined && (await holdsAnywhere(given, not, askJudge)))
    failures.push(`must not be ${JSON.stringify(not)}`);
  if (steps !== undefined) failures.push(...(await stepsFailures(given, steps, askJudge)));
  if (anyStep !== undefined) failures.push(...(await anyStepFailures(given, anyStep, askJudge)));
  return failures;
}

/** What is wrong with a single step, by its grade and its judges. */
async function eachFailures(
  { step, fidelity }: ReadStep,
  { grade, judge }: Expectation,
  askJudge: AskJudge,
): Promise<string[]> {
  const failures: string[] = [];
  if (grade !== undefined && GRADES.indexOf(fidelity.grade) < GRADES.indexOf(grade)) {
    failures.push(`the grade must be ${grade}, not ${fidelity.grade} (${describeFidelity(fidelity)})`);
  }
  for (const name of [judge ?? []].flat()) {
    const { pass, reason } = await askJudge(name, step);
    if (!pass) failures.push(`the judge ${name} says no${reason === undefined ? "" : `: ${reason}`}`);
  }
  return failures;
}

async function anyFailures(
  given: Given,
  anyOf: readonly Expectation[],
  askJudge: AskJudge,
): Promise<string[]> {
  const all: string[] = [];
  for (const expected of anyOf) {
    const failures = await failuresOf(given, expected, askJudge);
    if (failures.length === 0) return [];
    all.push(failures.join(", "));
  }
  return [`none of ${anyOf.length} alternatives holds: ${all.join("; ")}`];
}

/** Whether something holds of the answer, or of one of the steps that would run. */
async function holdsAnywhere(given: Given, expected: Expectation, askJudge: AskJudge): Promise<boolean> {
  const alone = given.running.map(aloneOf);
  const all = alone.length === given.steps.length && alone.length === 1 ? alone : [given, ...alone];
  for (const one of all) if ((await failuresOf(one, expected, askJudge)).length === 0) return true;
  return false;
}

async function stepsFailures(
  { steps }: Given,
  expected: readonly Expectation[],
  askJudge: AskJudge,
): Promise<string[]> {
  if (steps.length !== expected.length) {
    const intents = steps.map(({ step }) => step.intent).join(", ");
    return [`${expected.length} steps are expected, not ${steps.length} (${intents})`];
  }
  const failures: string[] = [];
  for (const [at, one] of steps.entries()) {
    const wrong = await failuresOf(aloneOf(one), expected[at] ?? {}, askJudge);
    failures.push(...wrong.map((failure) => `step ${at + 1}: ${failure}`));
  }
  return failures;
}

async function anyStepFailures(
  { steps }: Given,
  expected: Expectation,
  askJudge: AskJudge,
): Promise<string[]> {
  const all: string[] = [];
  for (const [at, one] of steps.entries()) {
    const failures = await failuresOf(aloneOf(one), expected, askJudge);
    if (failures.length === 0) return [];
    all.push(`step ${at + 1}: ${failures.join(", ")}`);
  }
  return [`no step is as expected: ${all.join("; ")}`];
}

function aloneOf(one: ReadStep): Given {
  return { steps: [one], running: [one] };
}

/** The steps of an answer, as their fields are without BAML's checks. */
function readSteps(answer: Accepted<unknown>): readonly ReadStep[] {
  return [answer, ...answer.more].flatMap(({ value, fidelity }) => {
    const json = toJson(value);
    const whole = isChecked(json) ? json.value : json;
    return (isJsonArray(whole) ? whole : [json]).flatMap((raw: Json) =>
      stepsOfAnswer({ ...answer, value: withoutChecks(raw), fidelity, more: [] }).map((one) => ({
        ...one,
        raw,
      })),
    );
  });
}

function fieldOf(step: Step, path: string): Json | undefined {
  if (Object.hasOwn(step, path)) return step[path];
  let value: Json | undefined = step;
  for (const name of path.split(".")) {
    if (value !== undefined && isJsonArray(value)) value = value[Number(name)];
    else
      value =
        value !== undefined && isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** BAML gives a field with checks as `{ value, checks }`. */
function isChecked(
  json: Json,
): json is { readonly value: Json; readonly checks: { readonly [name: string]: Json } } {
  return (
    isJsonObject(json) &&
    Object.keys(json).length === 2 &&
    "value" in json &&
    isJsonObject(json["checks"] ?? null)
  );
}

function withoutChecks(json: Json): Json {
  if (isChecked(json)) return withoutChecks(json.value);
  if (isJsonArray(json)) return json.map(withoutChecks);
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, withoutChecks(value)]));
}

function checkFailures(steps: readonly ReadStep[], wanted: "all" | readonly string[]): string[] {
  const results = checksIn(steps.map(({ raw }) => raw));
  const names = wanted === "all" ? [...results.keys()] : wanted;
  if (names.length === 0) return ["the answer has no BAML checks"];
  return names.flatMap((name) => {
    const passed = results.get(name);
    if (passed === undefined) return [`the answer has no BAML check ${name}`];
    return passed ? [] : [`the BAML check ${name} failed`];
  });
}

/** Every check by its name; one that failed anywhere has failed. */
function checksIn(json: Json, found = new Map<string, boolean>()): ReadonlyMap<string, boolean> {
  if (isChecked(json)) {
    for (const [name, result] of Object.entries(json.checks)) {
      const passed = isJsonObject(result) && result["status"] === "succeeded";
      found.set(name, passed && found.get(name) !== false);
    }
    return checksIn(json.value, found);
  }
  if (isJsonArray(json) || isJsonObject(json)) for (const one of Object.values(json)) checksIn(one, found);
  return found;
}
