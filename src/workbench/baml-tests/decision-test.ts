import type { Agent } from "../../agent/agent.ts";
import { joinedTools } from "../../agent/thread-tools.ts";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { isJsonArray, isJsonObject, type Json, toJson } from "../../base/json.ts";
import { checkNames } from "../../base/options.ts";
import { createRedactor } from "../../context/redaction/redaction.ts";
import type { EventOf, Step, ThreadEvent } from "../../thread/events.ts";
import { withoutReasons } from "../../thread/reasons.ts";
import { type Thread, threadOf } from "../../thread/thread.ts";
import {
  type DecidedStep,
  type Decision,
  decidedSteps,
  firstErased,
  isDecision,
  type StoredThread,
} from "../decisions.ts";
import { bamlEntries, jinjaLiteral } from "./literal.ts";

export interface DecisionTestOptions {
  /** The event that holds the decision, or after which it comes. Default: the thread's last decision. */
  readonly at?: number | undefined;
  /** The test's name; default: made of thread and event. */
  readonly name?: string | undefined;
  /** Which fields are asserted; default: those that hold a number, true or false, or one word. */
  readonly fields?: readonly string[] | undefined;
}

export interface DecisionTest {
  readonly name: string;
  readonly functionName: string;
  /** The `test` block. */
  readonly source: string;
  /** What the test asserts, by label. Empty: that the answer can be read. */
  readonly asserts: Readonly<Record<string, string>>;
  /** Whether a person changed the step, so that the test asks for theirs; or denied it, so that it asks for something else. */
  readonly person: "edited" | "denied" | undefined;
  /** How many further steps of the answer are not asserted: the function returns one, so that BAML reads one. */
  readonly left: number;
  /** The event of the decision; absent where the test is about another event. */
  readonly seq?: number | undefined;
}

/**
 * A stored decision as a BAML test: the arguments that the prompt was sent, and what was decided, in all its steps. Where a
 * person edited a step, theirs is wanted; where they denied one, anything but that. Throws `NotFoundError` if there is no such event, and
 * `UsageError` for what a BAML test cannot hold.
 */
export function decisionTest(
  stored: StoredThread,
  agent: Agent,
  options: DecisionTestOptions = {},
): DecisionTest {
  checkNames("decisionTest", { at: true, name: true, fields: true }, options);
  const { decision, before } = findDecision(stored.events, options.at);
  const erased = firstErased(stored.events);
  if (Math.max(decision?.seq ?? 0, before.length) >= erased) {
    const message = `event ${erased} of thread ${stored.id} was erased: what the model read is not known any more`;
    throw new UsageError("invalid_argument", message);
  }
  const thread = threadOf(stored.id, before);
  const joined = agent.nextStep.joins.filter((name) => joinedTools(thread, name).length > 0);
  if (joined.length > 0) {
    const message =
      `tools joined thread ${stored.id} at run time (${joined.join(", ")}), and BAML's tests know only the classes of baml_src: the ` +
      "prompt would be another one. Keep the decision as a case of an evaluation (`npx twelvefold collect`) instead";
    throw new UsageError("invalid_argument", message, { details: { threadId: stored.id } });
  }
  const args = agent.nextStep.namedArguments?.(thread);
  if (args === undefined) {
    const message = `${agent.name} has no BAML function with named arguments: it cannot be tested by BAML`;
    throw new UsageError("invalid_configuration", message);
  }
  const name = options.name ?? defaultName(stored.id, decision?.seq ?? before.length);
  if (!/^[A-Za-z]\w*$/.test(name)) {
    const wanted = "letters, digits and _, a letter first";
    throw new UsageError("invalid_argument", `a test's name has ${wanted}: not ${JSON.stringify(name)}`);
  }
  const { asserts, person, left } = assertionsOf(decision, stored, agent, { thread, fields: options.fields });
  const lines = Object.entries(asserts).map(([label, text]) => `  @@assert(${label}, {{ ${text} }})\n`);
  const functionName = agent.nextStep.name;
  const source =
    `${commentOf(stored, decision, before.length)}test ${name} {\n  functions [${functionName}]\n` +
    `  args {\n${bamlEntries(Object.entries(args), "    ")}  }\n${lines.join("")}}\n`;
  return { name, functionName, source, asserts, person, left, seq: decision?.seq };
}

type DecisionEvent = Decision["event"];

function findDecision(
  events: readonly ThreadEvent[],
  at: number | undefined,
): { readonly decision: DecisionEvent | undefined; readonly before: readonly ThreadEvent[] } {
  if (at === undefined) {
    const last = events.findLast(isDecision);
    if (last === undefined)
      throw new NotFoundError("no model was asked in this thread yet; name an event with --at");
    return { decision: last, before: events.slice(0, last.seq - 1) };
  }
  const event = events[at - 1];
  if (event === undefined) {
    throw new UsageError("invalid_argument", `--at takes an event from 1 to ${events.length}, not ${at}`);
  }
  if (isDecision(event)) return { decision: event, before: events.slice(0, at - 1) };
  const next = events[at];
  return { decision: isDecision(next) ? next : undefined, before: events.slice(0, at) };
}

function defaultName(id: string, seq: number): string {
  return `From_${id.replace(/\W/g, "_")}_${seq}`;
}

function commentOf({ id, agent }: StoredThread, decision: DecisionEvent | undefined, last: number): string {
  const what =
    decision === undefined
      ? `as it was after event ${last}`
      : decision.type === "step_refused"
        ? `event ${decision.seq}, where the answer was refused`
        : `event ${decision.seq}`;
  return `// From the thread ${id} of ${agent.replace(/[^\w-]/g, "_")}: ${what}.\n`;
}

type Assertions = Pick<DecisionTest, "asserts" | "person" | "left">;

/** A step of the decision, as people left it. */
interface Wanted {
  readonly step: Step;
  readonly person: DecisionTest["person"];
  /** Whether the value of a field holds no secret. */
  showsWhole(name: string): boolean;
}

function assertionsOf(
  decision: DecisionEvent | undefined,
  { events }: StoredThread,
  agent: Agent,
  { thread, fields }: { readonly thread: Thread; readonly fields: readonly string[] | undefined },
): Assertions {
  if (decision?.type !== "step_proposed") return { asserts: {}, person: undefined, left: 0 };
  const all = decidedSteps(decision, events).map((one) => wantedOf(one, { decision, events, agent, thread }));
  const list = isList(thread, agent, decision);
  // Where a function returns one step, BAML's own test reads one of several.
  const steps = list ? all : all.slice(0, 1);
  checkFields(steps, fields);
  const denied = steps.filter(({ person }) => person === "denied");
  if (denied.length > 0) {
    const labels = denied.map((one, index) => [
      index === 0 ? "not_again" : `not_again_${index + 1}`,
      isNot(list, leavesOf(one, fields)),
    ]);
    return { asserts: Object.fromEntries(labels), person: "denied", left: all.length - steps.length };
  }
  const asserts: Record<string, string> = list ? { steps: `this|length == ${steps.length}` } : {};
  steps.forEach((one, index) => {
    const value = list ? `this[${index}]` : "this";
    const label = index === 0 ? "" : `step_${index + 1}_`;
    for (const name of namesOf(one, fields))
      asserts[label + name] = `${value}.${name} == ${jinjaLiteral(one.step[name] ?? null)}`;
  });
  const person = steps.some((one) => one.person === "edited") ? "edited" : undefined;
  return { asserts, person, left: all.length - steps.length };
}

/** The fields whose values are asserted, the intent first. */
function namesOf({ step, showsWhole }: Wanted, fields: readonly string[] | undefined): readonly string[] {
  const chosen =
    fields?.filter((name) => Object.hasOwn(step, name)) ??
    Object.keys(withoutReasons(step)).filter((name) => isPlain(name, step[name] ?? null) && showsWhole(name));
  return ["intent", ...chosen.filter((name) => name !== "intent")];
}

/** Throws `UsageError` for chosen fields that no step has, or that an assertion cannot hold. */
function checkFields(steps: readonly Wanted[], fields: readonly string[] = []): void {
  for (const name of fields) {
    const having = steps.filter(({ step }) => Object.hasOwn(step, name));
    const [first] = steps;
    if (having.length === 0 && first !== undefined) {
      const known = [...new Set(steps.flatMap(({ step }) => Object.keys(step)))].join(", ");
      throw refuse(first, `has no field ${JSON.stringify(name)}; it has ${known}`);
    }
    for (const one of having) {
      const wanted = one.step[name] ?? null;
      if (!NAME.test(name))
        throw refuse(one, `has a field that an assertion cannot name: ${JSON.stringify(name)}`);
      if (isJsonArray(wanted) || isJsonObject(wanted))
        throw refuse(one, `has more than one value in ${JSON.stringify(name)}: assert its parts by hand`);
      if (name !== "intent" && !one.showsWhole(name))
        throw refuse(one, `has a secret in ${JSON.stringify(name)}`);
    }
  }
}

function refuse({ step }: Wanted, problem: string): UsageError {
  return new UsageError("invalid_argument", `the step ${step.intent} ${problem}`);
}

/** A single value of a step, and where it is: `about.key`. */
interface Leaf {
  readonly path: string;
  readonly literal: string;
}

/** What makes the step: all its values, but for the model's reasons, secrets, and what an assertion cannot hold. */
function leavesOf({ step, showsWhole }: Wanted, fields: readonly string[] | undefined): readonly Leaf[] {
  const { intent, ...rest } = withoutReasons(step);
  const names = fields ?? Object.keys(rest).filter((name) => showsWhole(name));
  return [
    { path: "intent", literal: jinjaLiteral(intent) },
    ...names.flatMap((name) => (Object.hasOwn(rest, name) ? leavesAt(name, name, rest[name] ?? null) : [])),
  ];
}

function leavesAt(path: string, name: string, value: Json): Leaf[] {
  if (!NAME.test(name)) return [];
  if (isJsonObject(value))
    return Object.entries(value).flatMap(([inner, one]) => leavesAt(`${path}.${inner}`, inner, one));
  const literal = literalOf(value);
  return literal === undefined ? [] : [{ path, literal }];
}

function literalOf(value: Json): string | undefined {
  try {
    return jinjaLiteral(value);
  } catch (error) {
    if (UsageError.isInstance(error)) return undefined;
    throw error;
  }
}

/** That the answer is not this step; or, of a list, that none of its steps is. */
function isNot(list: boolean, leaves: readonly Leaf[]): string {
  if (!list) return `not (${leaves.map(({ path, literal }) => `this.${path} == ${literal}`).join(" and ")})`;
  const filters = leaves.map(({ path, literal }) => `|selectattr("${path}", "equalto", ${literal})`);
  return `(this${filters.join("")}|list|length) == 0`;
}

interface DecidedIn {
  readonly decision: EventOf<"step_proposed">;
  readonly events: readonly ThreadEvent[];
  readonly agent: Agent;
  readonly thread: Thread;
}

function wantedOf(
  { step: proposedStep, proposed }: DecidedStep,
  { decision, events, agent, thread }: DecidedIn,
): Wanted {
  const { step, person } =
    proposed === undefined ? { step: proposedStep, person: undefined } : afterPeople(proposed, events);
  const { redact } = agent.context.options;
  const decided = { ...decision, data: { ...decision.data, step } };
  const seen = redact === undefined ? decided : createRedactor(redact).event(decided);
  if (seen.type !== "step_proposed") throw new TypeError("a redacted event is of its type");
  const showsWhole = (name: string): boolean => {
    const text = JSON.stringify(step[name]);
    return JSON.stringify(seen.data.step[name]) === text && agent.context.hide(text, thread) === text;
  };
  return { step, person, showsWhole };
}

/** What a person made of the step. */
function afterPeople(
  { seq, data: { callId, step } }: EventOf<"step_proposed">,
  events: readonly ThreadEvent[],
): { readonly step: Step; readonly person: DecisionTest["person"] } {
  for (const event of events.slice(seq)) {
    if (event.type !== "human_responded" || event.data.callId !== callId) continue;
    const { decision } = event.data;
    if (decision.kind === "denied") return { step, person: "denied" };
    if (decision.kind === "approved" && decision.editedStep !== undefined) {
      return { step: decision.editedStep, person: "edited" };
    }
  }
  return { step, person: undefined };
}

function isList(thread: Thread, agent: Agent, { data: { completion } }: EventOf<"step_proposed">): boolean {
  const answer = agent.nextStep.parse(completion?.raw ?? "", thread);
  return answer.ok && isJsonArray(toJson(answer.value));
}

/** A name that means nothing else in an expression. */
const NAME = /^[A-Za-z_]\w*$/;

function isPlain(name: string, value: Json): boolean {
  if (!NAME.test(name)) return false;
  if (typeof value === "boolean") return true;
  if (typeof value === "number") return !/e/i.test(String(value));
  return typeof value === "string" && /^[\w.@:/+-]{1,100}$/.test(value);
}
