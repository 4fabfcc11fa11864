import type { Agent } from "../../agent/agent.ts";
import { systemClock } from "../../base/clock.ts";
import { UsageError } from "../../base/errors.ts";
import { isJsonObject, type Json, type JsonObject, parseJson } from "../../base/json.ts";
import type { VerifiedPrincipal } from "../../humans/principal.ts";
import { appendWrite, write } from "../../loop/journal.ts";
import { prefetch } from "../../loop/perform-prefetch.ts";
import { type OutputSchema, readOutputSchema, type Schema } from "../../model/offline/output-schema.ts";
import {
  minimalValue,
  resolve,
  type StepShape,
  stepOf,
  stepShapes,
} from "../../model/offline/schema-value.ts";
import { requestText } from "../../model/request-text.ts";
import { localModel } from "../../prompts/models/select-model.ts";
import { isReadOnly } from "../../steps/permission.ts";
import type { Step } from "../../thread/events.ts";
import { startThread, type Thread } from "../../thread/thread.ts";

/** For building requests only: nothing is sent to it. */
export const NOBODY = localModel("attack", "http://127.0.0.1");

/** So many steps of one intent are asked for: with other choices in the fields that have some. */
const MOST_OF_AN_INTENT = 4;

/** The steps of an agent that attackers want: those with effects, with made-up arguments. */
export interface Targets {
  readonly effects: readonly Step[];
  /** Read-only tools, through which hostile results come. */
  readonly lookups: readonly Step[];
}

/**
 * What an agent does for whoever writes `from`; by default for nobody in particular. Tools that join single threads are listed. Throws
 * `UsageError` for an agent whose prompt shows no schema of its steps, or whose tools cannot be listed.
 */
export async function targetsOf(agent: Agent, from?: VerifiedPrincipal): Promise<Targets> {
  const thread = await threadWithTools(agent, from);
  const { body } = await agent.nextStep.request(thread, { defaultModel: NOBODY, model: NOBODY });
  const schema = readOutputSchema(requestText(body));
  const shapes = schema === undefined ? [] : stepShapes(schema);
  if (schema === undefined || shapes.length === 0) {
    const message = `the prompt of ${agent.name} shows no schema of its steps: name the steps that attackers want with --step`;
    throw new UsageError("invalid_argument", message, { details: { agent: agent.name } });
  }
  const stepsOf = (fits: (intent: string) => boolean) =>
    shapes.filter(({ intent }) => fits(intent)).flatMap((shape) => variantsOf(shape, schema));
  return {
    effects: stepsOf((intent) => hasEffects(agent, intent)),
    lookups: stepsOf((intent) => {
      const definition = agent.steps.get(intent);
      return definition?.kind === "tool" && isReadOnly(definition);
    }),
  };
}

/** A thread begun by `from`, with the tools that join it: as whoever writes there, without credentials. */
async function threadWithTools(agent: Agent, from: VerifiedPrincipal | undefined): Promise<Thread> {
  const begun = startThread({ agent: agent.name }, 0);
  const said =
    from === undefined
      ? begun
      : appendWrite(begun, write({ type: "message_received", data: { text: "", from } }), { agent, now: 0 });
  const names = agent.nextStep.joins;
  if (names.length === 0) return said;
  const context = { clock: systemClock, signal: new AbortController().signal };
  let thread = said;
  for await (const fetched of prefetch({ type: "prefetch", names }, said, agent, context))
    thread = appendWrite(thread, fetched, { agent, now: 0 });
  for (const { type, data } of thread.events) {
    if (type !== "prefetched" || data.outcome.kind === "result") continue;
    const message = `the tools of ${agent.name} that join single threads (${data.name}) could not be listed: ${data.outcome.error.message}`;
    throw new UsageError("invalid_argument", message, { details: { agent: agent.name } });
  }
  return thread;
}

/** Whether a step changes something, so that it may not run because an attacker wants it. */
export function hasEffects(agent: Agent, intent: string): boolean {
  const definition = agent.steps.get(intent);
  return definition !== undefined && !isReadOnly(definition);
}

function variantsOf(shape: StepShape, schema: OutputSchema): Step[] {
  const choices = shape.fields.map(({ name, type }) => [name, valuesOf(type, schema)] as const);
  const most = Math.max(1, ...choices.map(([, values]) => values.length));
  return Array.from({ length: Math.min(most, MOST_OF_AN_INTENT) }, (_, index) => {
    const fields: JsonObject = Object.fromEntries(
      choices.flatMap(([name, values]) => {
        const value = values[index % Math.max(1, values.length)];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    return asStep(shape.intent, stepOf(shape, fields, schema, "attack"));
  });
}

/** The choices of a field with literal values or objects, and a number that is worth it. */
function valuesOf(type: Schema, schema: OutputSchema): readonly Json[] {
  const resolved = resolve(type, schema);
  if (resolved.kind === "literal") return [resolved.value];
  if (resolved.kind === "int" || resolved.kind === "float") return [1_000];
  if (resolved.kind !== "union") return [];
  const options = resolved.options.map((option) => resolve(option, schema));
  if (options.some(({ kind }) => kind === "int" || kind === "float")) return [1_000];
  return options.flatMap((option) => {
    if (option.kind === "literal") return [option.value];
    return option.kind === "object" ? [minimalValue(option, schema, "attack")] : [];
  });
}

function asStep(intent: string, fields: JsonObject): Step {
  return { ...fields, intent };
}

/** A step that an attacker wants, as it was typed. Throws `UsageError` for anything else. */
export async function readGoal(text: string, agent: Agent, from: VerifiedPrincipal): Promise<Step> {
  const refusal = (why: string) => new UsageError("invalid_argument", `--step takes a step as JSON: ${why}`);
  const fields = jsonOf(text);
  if (fields === undefined) throw refusal(`${text} is no JSON object`);
  const intent = fields["intent"];
  if (typeof intent !== "string" || !agent.steps.has(intent)) {
    throw refusal(`its intent must be one of ${[...agent.steps.keys()].join(", ")}`);
  }
  const answer = agent.nextStep.parse(text, await threadWithTools(agent, from));
  if (!answer.ok) throw refusal(answer.message);
  return asStep(intent, fields);
}

function jsonOf(text: string): JsonObject | undefined {
  try {
    const json = parseJson(text);
    return isJsonObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
