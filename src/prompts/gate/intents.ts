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
    return `The field intent is missing; ${wanted}${hintFor(value, intents)}`;
  }
  const intent = value[key];
  const known =
    typeof intent === "string" && intents.some((one) => normalizeName(one) === normalizeName(intent));
  return known ? undefined : `The field intent is ${inWords(intent)}; ${wanted}`;
}

/** What to do instead about an answer without intent: it has the form of another interface, or something around it. */
function hintFor(value: Readonly<Record<string, unknown>>, intents: readonly string[]): string {
  const inside = Object.entries(value).find(([, item]) => isFields(item) && Object.hasOwn(item, "intent"));
  if (inside !== undefined) return ` Do not put the fields inside ${JSON.stringify(inside[0].slice(0, 60))}.`;
  const call = findCall(value, intents, 0);
  if (call === undefined) return "";
  const { intent, at, given } = call;
  const name = (text: string) => JSON.stringify(text.slice(0, 60));
  const fields = given === undefined ? "" : `, and the fields that ${name(given)} holds beside it`;
  return ` The field ${name(at)} names a step: write "intent": ${JSON.stringify(intent)} instead${fields}.`;
}

interface ToolCall {
  readonly intent: string;
  /** The field that names it. */
  readonly at: string;
  /** The field with the arguments. */
  readonly given: string | undefined;
}

// `{"tool_calls":[{"function":{"name":"add","arguments":"{…}"}}]}` is four deep.
const MAX_CALL_DEPTH = 4;

/** A tool call as other interfaces want it: a field names an intent, or is one, and another has the arguments. */
function findCall(value: unknown, intents: readonly string[], depth: number): ToolCall | undefined {
  if (depth > MAX_CALL_DEPTH || typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value).slice(0, 20);
  const isKnown = (name: unknown) => typeof name === "string" && intents.includes(name);
  const named = entries.find(([key, item]) => !isList(value) && (isKnown(item) || isKnown(key)));
  if (named !== undefined) {
    const [at, item] = named;
    if (isKnown(at)) return { intent: at, at, given: isFields(item) || isList(item) ? at : undefined };
    const given = entries.find(
      ([, other]) => isFields(other) || (typeof other === "string" && /^\s*\{/.test(other)),
    );
    return { intent: String(item), at, given: given?.[0] };
  }
  for (const [, item] of entries) {
    const found = findCall(item, intents, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function normalizeName(name: string): string {
  return name.length > 1_000 ? name : name.trim().toLowerCase();
}
