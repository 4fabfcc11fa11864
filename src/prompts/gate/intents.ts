import { isFields, isList } from "./compare.ts";
import { inWords } from "./in-words.ts";
import { type ErrorNode, readParseError } from "./parse-error.ts";
import { tryParse } from "./reading.ts";

const NO_INTENT = "\u0001";
const LITERAL = /^Failed to parse field intent: intent: Expected "((?:[^"\\]|\\.)*)"/;

/**
 * The intents of the steps that a function returns, learned from the parser's error for an intent that does not exist.
 * `undefined` if the function's answer has no intent, or need not have one.
 */
export function learnIntents(parse: (text: string) => unknown): readonly string[] | undefined {
  const parsed = tryParse(JSON.stringify({ intent: NO_INTENT }), { parse });
  const root = parsed.kind === "misfit" ? readParseError(parsed.error) : undefined;
  if (root === undefined) return undefined;
  const members = root.reason.startsWith("Failed to find any") ? root.causes : [root];
  const intents = members.map(intentOf);
  return intents.every((intent) => intent !== undefined) && intents.length > 0 ? intents : undefined;
}

function intentOf({ causes }: ErrorNode): string | undefined {
  return causes.map(({ reason }) => LITERAL.exec(reason)?.[1]).find((intent) => intent !== undefined);
}

/**
 * What is wrong with the intent of a step, or, for a list, of the first step with a wrong one: BAML would accept an
 * intent that only begins or ends like a known one, or take one out of a list. Case and blanks do not matter.
 */
export function intentProblem(value: unknown, intents: readonly string[] | undefined): string | undefined {
  if (intents === undefined) return undefined;
  if (isList(value)) {
    for (const item of value) {
      const problem = intentProblem(item, intents);
      if (problem !== undefined) return problem;
    }
  }
  if (!isFields(value)) return undefined;
  const choice = intents.map((intent) => JSON.stringify(intent)).join(", ");
  const wanted = `it must be ${intents.length === 1 ? "" : "one of "}${choice}.`;
  const key = Object.keys(value).find((name) => normalizeName(name) === "intent");
  if (key === undefined) {
    const inside = Object.entries(value).find(([, item]) => isFields(item) && Object.hasOwn(item, "intent"));
    const hint =
      inside === undefined ? "" : ` Do not put the fields inside ${JSON.stringify(inside[0].slice(0, 60))}.`;
    return `The field intent is missing; ${wanted}${hint}`;
  }
  const intent = value[key];
  const known =
    typeof intent === "string" && intents.some((one) => normalizeName(one) === normalizeName(intent));
  return known ? undefined : `The field intent is ${inWords(intent)}; ${wanted}`;
}

function normalizeName(name: string): string {
  return name.length > 1_000 ? name : name.trim().toLowerCase();
}
