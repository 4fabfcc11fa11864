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
): Promise<Checked> {
  if (!answer.ok) return { failures: [`the answer was refused: ${answer.message}`] };
  const step = stepOf(answer);
  if (step === undefined) return { failures: ["the answer holds no step"] };
  const scores: number[] = [];
  const judge = async (name: string, about: Step): Promise<Judgement> => {
    const judgement = await askJudge(name, about);
    if (judgement.score !== undefined) scores.push(judgement.score);
    return judgement;
  };
  const failures = await failuresOf({ answer, step }, expected, judge);
  const score = scores.length === 0 ? undefined : scores.reduce((sum, one) => sum + one, 0) / scores.length;
  return { failures, score };
}

interface Given {
  readonly answer: Accepted<unknown>;
  readonly step: Step;
}

async function failuresOf(given: Given, expected: Expectation, askJudge: AskJudge): Promise<string[]> {
  const { intent, fields = {}, grade, checks, judge, anyOf, not } = expected;
  const { answer, step } = given;
  const failures: string[] = [];
  const intents = [intent ?? step.intent].flat();
  // Of another step, fields and alternatives say nothing more.
  if (!intents.includes(step.intent)) return [`intent must be ${intents.join(" or ")}, not ${step.intent}`];
  for (const [name, predicate] of Object.entries(fields)) {
    const problem = problemOf(fieldOf(step, name), predicate);
    if (problem !== undefined) failures.push(`${name} ${problem}`);
  }
  const { fidelity } = answer;
  if (grade !== undefined && GRADES.indexOf(fidelity.grade) < GRADES.indexOf(grade)) {
    failures.push(`the grade must be ${grade}, not ${fidelity.grade} (${describeFidelity(fidelity)})`);
  }
  if (checks !== undefined) failures.push(...checkFailures(answer, checks));
  for (const name of [judge ?? []].flat()) {
    const { pass, reason } = await askJudge(name, step);
    if (!pass) failures.push(`the judge ${name} says no${reason === undefined ? "" : `: ${reason}`}`);
  }
  if (anyOf !== undefined) failures.push(...(await anyFailures(given, anyOf, askJudge)));
  if (not !== undefined && (await failuresOf(given, not, askJudge)).length === 0) {
    failures.push(`must not be ${JSON.stringify(not)}`);
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

/** The first step of an answer, as its fields are without BAML's checks. */
export function stepOf({ value }: Accepted<unknown>): Step | undefined {
  const json = withoutChecks(toJson(value));
  const first = isJsonArray(json) ? json[0] : json;
  if (first === undefined || !isJsonObject(first)) return undefined;
  const { intent } = first;
  return typeof intent === "string" ? { ...first, intent } : undefined;
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

function checkFailures({ value }: Accepted<unknown>, wanted: "all" | readonly string[]): string[] {
  const results = checksIn(toJson(value));
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
