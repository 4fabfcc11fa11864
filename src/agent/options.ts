import { z } from "zod";
import { UsageError } from "../base/errors.ts";
import {
  callback,
  checkOptions,
  count,
  durationMs,
  durationSeconds,
  nonEmptyName,
  objectWith,
} from "../base/options.ts";
import { isSafeTag } from "../context/blocks/block.ts";
import { TEXT_FORMATS } from "../context/formats/formats.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { Step } from "../thread/events.ts";

/*
 * What the options of an agent may be. Everything is checked when the agent is defined, so that a misspelt name or a
 * number that could not work is found before anything runs.
 */

const untrusted = z.union([z.boolean(), nonEmptyName]);

const STEP = {
  // Looked at by `checkApprovals`.
  approval: z.unknown(),
  accepts: z.enum(["exact", "tolerant", "doubtful"]),
  arguments: z.custom<object>(
    (value) =>
      (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value,
    "must be a Standard Schema",
  ),
  check: callback,
  judge: callback,
  approveWhenUntrusted: z.boolean(),
  version: nonEmptyName,
};

const stepSchema = z.strictObject(STEP).partial();

const toolSchema = z
  .strictObject({
    ...STEP,
    readOnly: z.boolean(),
    idempotent: z.boolean(),
    preview: callback,
    timeoutMs: durationMs,
    renderResult: callback,
    summarize: callback,
    cacheSeconds: durationSeconds,
    untrusted,
    realValues: z.union([z.literal(true), z.array(nonEmptyName)]),
  })
  .partial();

const price = z.strictObject({
  input: z.number().min(0),
  output: z.number().min(0),
  cachedInput: z.number().min(0).optional(),
});

const contextSchema = z
  .strictObject({
    senders: z.boolean(),
    formatters: z.record(z.string(), callback),
    renderResult: z.record(z.string(), callback),
    redact: z
      .strictObject({
        builtIn: z.boolean(),
        emails: z.boolean(),
        fields: z.array(nonEmptyName),
        patterns: z.array(
          z.strictObject({ kind: z.string(), pattern: z.instanceof(RegExp), accept: callback.optional() }),
        ),
      })
      .partial(),
    vault: objectWith("placeholderFor", "secretFor"),
    hiddenFields: z.array(nonEmptyName),
    untrusted: callback,
    format: z.union([z.enum([...formatNames(), "messages"]), callback, objectWith("renderBlock")], {
      error: `must be ${[...formatNames(), "messages"].join(", ")}, a text format or a function`,
    }),
    budget: z
      .strictObject({
        tokens: count,
        target: z.number().positive().max(1),
        keepRecent: z.number().int().min(0),
        policies: z.array(z.string()),
        largeResult: count,
        lookups: z.array(nonEmptyName),
        pointer: callback,
        countTokens: callback,
      })
      .partial()
      .required({ tokens: true }),
    foldErrors: z.boolean(),
    keepOutOfStore: z.boolean(),
  })
  .partial();

function formatNames(): string[] {
  return Object.keys(TEXT_FORMATS);
}

const prefetchSchema = z
  .strictObject({
    run: callback,
    arguments: z.record(z.string(), z.json()),
    as: z.enum(["call", "memory", "document", "parameter"]),
    when: z.enum(["start", "each_input"]),
    untrusted,
    timeoutMs: durationMs,
  })
  .partial()
  .required({ run: true });

const agentSchema = z
  .strictObject({
    name: nonEmptyName,
    description: z.string(),
    input: callback,
    steps: z.record(z.string(), z.unknown()),
    severalSteps: z.enum(["first", "in_order"]),
    limits: z
      .strictObject({
        consecutiveErrors: count,
        attemptsPerTool: count,
        repeats: count,
        onLimit: z.enum(["ask", "stop", "reset"]),
      })
      .partial(),
    budget: z
      .strictObject({
        steps: count,
        tokens: count,
        money: z.strictObject({
          limit: z.number().positive(),
          prices: z.object({ "*": price }).catchall(price),
        }),
        time: durationSeconds,
      })
      .partial(),
    context: contextSchema,
    prefetch: z.record(nonEmptyName, prefetchSchema),
    summarize: callback,
  })
  .partial()
  .required({ name: true, steps: true });

/**
 * Throws `UsageError` (`invalid_configuration`) for anything in the options that could not work. `intents`: those of
 * the prompt's answers, where they are known.
 */
export function checkAgentOptions(
  options: { readonly name: string; readonly steps: object; readonly prefetch?: object | undefined },
  intents: readonly string[] | undefined,
): void {
  const agent = `agent ${typeof options?.name === "string" ? options.name : "without a name"}`;
  checkOptions(agent, agentSchema, options);
  const steps = Object.entries(options.steps);
  checkNames(agent, [...steps.map(([intent]) => intent), ...Object.keys(options.prefetch ?? {})]);
  for (const [intent, definition] of steps) checkStepDefinition(agent, intent, definition);
  if (intents !== undefined) checkHandlers(agent, intents, new Set(steps.map(([intent]) => intent)));
}

function checkStepDefinition(agent: string, intent: string, definition: StepDefinition<Step>): void {
  const refuse = (problem: string): never => {
    throw new UsageError("invalid_configuration", `${agent}: ${intent} ${problem}`, {
      details: { agent, intent },
    });
  };
  if (typeof definition === "function") refuse("is a function: wrap it in tool()");
  if (typeof definition !== "object" || definition === null || !("kind" in definition))
    refuse("is no step: say what code does about it with tool(), askHuman(), finish() or another of these");
  const { kind, options } = definition;
  checkOptions(`${agent}, step ${intent}`, kind === "tool" ? toolSchema : stepSchema, options);
  if (kind !== "tool") return;
  const { cacheSeconds, readOnly = false } = definition.options;
  if (cacheSeconds !== undefined && !readOnly)
    refuse("has cacheSeconds but is not readOnly; only what changes nothing is cached");
}

/** Names that the model could not tell from other parts of the thread are refused. */
function checkNames(agent: string, names: readonly string[]): void {
  const unsafe = names.filter((name) => !isSafeTag(name));
  if (unsafe.length === 0) return;
  throw new UsageError(
    "invalid_configuration",
    `${agent}: the model could not tell the intents ${unsafe.join(", ")} from other parts of the thread; rename them`,
    { details: { agent, intents: unsafe } },
  );
}

/** The type checker sees it too; a program that was not checked finds it here, not in the middle of a thread. */
function checkHandlers(agent: string, intents: readonly string[], handlers: ReadonlySet<string>): void {
  const missing = intents.filter((intent) => !handlers.has(intent));
  const superfluous = [...handlers].filter((intent) => !intents.includes(intent));
  if (missing.length === 0 && superfluous.length === 0) return;
  const problems = [
    ...(missing.length === 0 ? [] : [`no code handles ${missing.join(", ")}`]),
    ...(superfluous.length === 0 ? [] : [`the prompt has no ${superfluous.join(", ")}`]),
  ];
  throw new UsageError(
    "invalid_configuration",
    `${agent}: ${problems.join("; ")}. Generate the BAML client anew, or change \`steps\``,
    { details: { agent, missing, superfluous } },
  );
}
