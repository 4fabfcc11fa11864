import type { Agent } from "../../agent/agent.ts";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { isJsonArray, isJsonObject, type Json, toJson } from "../../base/json.ts";
import { createRedactor } from "../../context/redaction/redaction.ts";
import type { EventOf, ThreadEvent } from "../../thread/events.ts";
import { type Thread, threadOf } from "../../thread/thread.ts";
import { firstErased, type StoredThread } from "../decisions.ts";
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
}

/**
 * A stored decision as a BAML test: the arguments that the prompt was sent, and what was decided. Where a person edited the
 * step, theirs is wanted; where they denied it, anything but that. Throws `NotFoundError` if there is no such event, and
 * `UsageError` for what a BAML test cannot hold.
 */
export function decisionTest(
  stored: StoredThread,
  agent: Agent,
  options: DecisionTestOptions = {},
): DecisionTest {
  const { decision, before } = findDecision(stored.events, options.at);
  const erased = firstErased(stored.events);
  if (Math.max(decision?.seq ?? 0, before.length) >= erased) {
    const message = `event ${erased} of thread ${stored.id} was erased: what the model read is not known any more`;
    throw new UsageError("invalid_argument", message);
  }
  const thread = threadOf(stored.id, before);
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
  const { asserts, person } = assertionsOf(decision, stored, agent, { thread, fields: options.fields });
  const lines = Object.entries(asserts).map(([label, text]) => `  @@assert(${label}, {{ ${text} }})\n`);
  const functionName = agent.nextStep.name;
  const source =
    `${commentOf(stored, decision, before.length)}test ${name} {\n  functions [${functionName}]\n` +
    `  args {\n${bamlEntries(Object.entries(args), "    ")}  }\n${lines.join("")}}\n`;
  return { name, functionName, source, asserts, person };
}

type DecisionEvent = EventOf<"step_proposed" | "step_refused">;

function isDecision(event: ThreadEvent | undefined): event is DecisionEvent {
  return (
    (event?.type === "step_proposed" || event?.type === "step_refused") && event.data.completion !== undefined
  );
}

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

/** A name that means nothing else in an expression. */
const NAME = /^[A-Za-z_]\w*$/;

interface Assertions {
  readonly asserts: Readonly<Record<string, string>>;
  readonly person: DecisionTest["person"];
}

function assertionsOf(
  decision: DecisionEvent | undefined,
  { events }: StoredThread,
  agent: Agent,
  { thread, fields }: { readonly thread: Thread; readonly fields: readonly string[] | undefined },
): Assertions {
  if (decision?.type !== "step_proposed") return { asserts: {}, person: undefined };
  const { person, step } = afterPeople(decision, events);
  const value = `this${isList(thread, agent, decision) ? "[0]" : ""}`;
  const { redact } = agent.context.options;
  const decided = withStep(decision, step);
  const seen = redact === undefined ? decided : createRedactor(redact).event(decided);
  if (seen.type !== "step_proposed") throw new TypeError("a redacted event is of its type");
  const showsWhole = (name: string): boolean => {
    const text = JSON.stringify(step[name]);
    return JSON.stringify(seen.data.step[name]) === text && agent.context.hide(text, thread) === text;
  };
  const chosen =
    fields ?? Object.keys(step).filter((name) => isPlain(name, step[name] ?? null) && showsWhole(name));
  const found: Record<string, string> = { intent: `${value}.intent == ${jinjaLiteral(step.intent)}` };
  for (const name of chosen) {
    if (name === "intent") continue;
    const wanted = step[name];
    const problem =
      wanted === undefined
        ? `has no field ${JSON.stringify(name)}; it has ${Object.keys(step).join(", ")}`
        : !NAME.test(name)
          ? `has a field that an assertion cannot name: ${JSON.stringify(name)}`
          : isJsonArray(wanted) || isJsonObject(wanted)
            ? `has more than one value in ${JSON.stringify(name)}: assert its parts by hand`
            : showsWhole(name)
              ? undefined
              : `has a secret in ${JSON.stringify(name)}`;
    if (problem !== undefined) throw new UsageError("invalid_argument", `the step ${step.intent} ${problem}`);
    found[name] = `${value}.${name} == ${jinjaLiteral(wanted ?? null)}`;
  }
  if (person !== "denied") return { asserts: found, person };
  return { asserts: { not_again: `not (${Object.values(found).join(" and ")})` }, person };
}

type Step = EventOf<"step_proposed">["data"]["step"];

function withStep(event: EventOf<"step_proposed">, step: Step): EventOf<"step_proposed"> {
  return { ...event, data: { ...event.data, step } };
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

function isPlain(name: string, value: Json): boolean {
  if (!NAME.test(name)) return false;
  if (typeof value === "boolean") return true;
  if (typeof value === "number") return !/e/i.test(String(value));
  return typeof value === "string" && /^[\w.@:/+-]{1,100}$/.test(value);
}
