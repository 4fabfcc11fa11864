import {
  anything,
  boolean,
  both,
  type Check,
  check,
  distinct,
  fields,
  fieldsAtLeast,
  list,
  numberFrom,
  oneOf,
  oneOfKinds,
  optional,
  record,
  type Shape,
  someFields,
  text,
} from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import { callback, checkOptions, count, durationMs, durationSeconds, nonEmptyName } from "../base/options.ts";
import { isSafeTag } from "../context/blocks/block.ts";
import { CONTEXT_OPTIONS } from "../context/options.ts";
import { ADDRESSEES } from "../humans/addressees.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { Step } from "../thread/events.ts";

/*
 * Valid options of an agent. All are checked when the agent is defined, so that a misspelt name or an impossible number
 * is found before anything runs.
 */

const NOT_NEGATIVE = numberFrom(0, Number.MAX_SAFE_INTEGER);
const untrusted = oneOfKinds("must be true, false or where it comes from", boolean, nonEmptyName);

/** Ready ways to say no, by name. */
export const REJECT_OPTIONS = both(
  record(text()),
  check((value) => {
    const wrong = Object.keys(Object(value)).find((name) => !/^[\w-]{1,50}$/.test(name));
    return wrong === undefined
      ? undefined
      : `${JSON.stringify(wrong)} is no name: wanted at most 50 letters, digits, _ and -`;
  }),
);

const STEP: Shape = {
  // Checked by `checkApprovals`.
  approval: anything,
  accepts: oneOf(["exact", "tolerant", "doubtful"]),
  arguments: check((value) =>
    (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value
      ? undefined
      : "must be a Standard Schema",
  ),
  check: callback,
  judge: callback,
  title: callback,
  emphasis: oneOfKinds("must be a list of fields or a function", callback, list(nonEmptyName)),
  approveWhenUntrusted: boolean,
  rejectOptions: (value) => (typeof value === "function" ? [] : REJECT_OPTIONS(value)),
  version: nonEmptyName,
};

const STEP_OPTIONS = someFields(STEP);

const ASK_HUMAN_OPTIONS = someFields({
  ...STEP,
  to: (value) => (typeof value === "function" ? [] : ADDRESSEES(value)),
});

const DELEGATE_OPTIONS = someFields({ ...STEP, readOnly: boolean });

const TOOL_OPTIONS = someFields({
  ...STEP,
  readOnly: boolean,
  idempotent: boolean,
  preview: callback,
  timeoutMs: durationMs,
  renderResult: callback,
  summarize: callback,
  cacheSeconds: durationSeconds,
  cacheScope: oneOf(["thread", "agent"]),
  shared: boolean,
  credentials: list(nonEmptyName),
  prepare: callback,
  untrusted,
  realValues: oneOfKinds("must be true or a list of fields", oneOf([true]), list(nonEmptyName)),
});

/** A valid price of tokens. */
export const PRICE = fields({
  input: NOT_NEGATIVE,
  output: NOT_NEGATIVE,
  cachedInput: optional(NOT_NEGATIVE),
});

/** Agents made by `defineAgent`, of different names. */
export const AGENTS: Check = both(
  list(
    both(
      check((value) =>
        typeof value === "object" && value !== null && "nextStep" in value
          ? undefined
          : "must be an agent made by defineAgent",
      ),
      fieldsAtLeast({ name: nonEmptyName }),
    ),
  ),
  distinct("name"),
);

const CONTEXT = someFields({ ...CONTEXT_OPTIONS, keepOutOfStore: boolean });

const PREFETCH = both(
  someFields({
    run: callback,
    arguments: record(anything),
    as: oneOf(["call", "memory", "document", "parameter"]),
    when: oneOf(["start", "each_input"]),
    again: callback,
    untrusted,
    timeoutMs: durationMs,
    credentials: list(nonEmptyName),
  }),
  fieldsAtLeast({ run: callback }),
);

const AGENT = both(
  someFields({
    name: nonEmptyName,
    description: text(0),
    version: nonEmptyName,
    onVersionChange: oneOf(["float", "refuse"]),
    input: callback,
    steps: record(anything),
    severalSteps: oneOf(["first", "in_order", "concurrent"]),
    whenBusy: oneOf(["steer", "queue", "interrupt"]),
    limits: someFields({
      consecutiveErrors: count,
      attemptsPerTool: count,
      repeats: count,
      onLimit: oneOf(["ask", "stop", "reset"]),
    }),
    budget: someFields({
      steps: count,
      tokens: count,
      money: fields({
        limit: numberFrom(Number.MIN_VALUE, Number.MAX_SAFE_INTEGER),
        prices: both(record(PRICE), fieldsAtLeast({ "*": PRICE })),
      }),
      time: durationSeconds,
    }),
    context: CONTEXT,
    prefetch: record(PREFETCH),
    summarize: callback,
  }),
  fieldsAtLeast({ name: nonEmptyName, steps: record(anything) }),
);

/**
 * Throws `UsageError` (`invalid_configuration`) for anything in the options that could not work. `intents` are those of
 * the prompt's answers, if known.
 */
export function checkAgentOptions(
  options: {
    readonly name: string;
    readonly steps: object;
    readonly prefetch?: object | undefined;
    readonly context?: { readonly keepOutOfStore?: boolean } | undefined;
    readonly version?: string | undefined;
    readonly onVersionChange?: string | undefined;
  },
  intents: readonly string[] | undefined,
): void {
  const agent = `agent ${typeof options?.name === "string" ? options.name : "without a name"}`;
  checkOptions(agent, AGENT, options);
  if (options.onVersionChange === "refuse" && options.version === undefined) {
    const message = `${agent}: onVersionChange: "refuse" needs a version: change it with the agent`;
    throw new UsageError("invalid_configuration", message);
  }
  const steps = Object.entries(options.steps);
  checkNames(agent, [...steps.map(([intent]) => intent), ...Object.keys(options.prefetch ?? {})]);
  for (const [intent, definition] of steps)
    checkStepDefinition(agent, intent, definition, options.context?.keepOutOfStore === true);
  if (intents !== undefined) checkHandlers(agent, intents, new Set(steps.map(([intent]) => intent)));
}

/** The code of each kind of step. */
const HANDLERS: { readonly [K in StepDefinition<Step>["kind"]]: Shape } = {
  tool: { run: callback },
  ask_human: { ask: callback },
  finish: { result: callback },
  sleep: { until: callback },
  wait_for_event: { event: callback },
  delegate: { agent: callback, input: callback },
  progress: { message: callback },
  nothing: { reason: callback },
};

function optionsOf(kind: StepDefinition<Step>["kind"]): Check {
  if (kind === "tool") return TOOL_OPTIONS;
  if (kind === "ask_human") return ASK_HUMAN_OPTIONS;
  return kind === "delegate" ? DELEGATE_OPTIONS : STEP_OPTIONS;
}

function checkStepDefinition(
  agent: string,
  intent: string,
  definition: StepDefinition<Step>,
  keepOutOfStore: boolean,
): void {
  const refuse = (problem: string): never => {
    throw new UsageError("invalid_configuration", `${agent}: ${intent} ${problem}`, {
      details: { agent, intent },
    });
  };
  if (typeof definition === "function") refuse("is a function: wrap it in tool()");
  if (typeof definition !== "object" || definition === null || !("kind" in definition))
    refuse("is no step: say what code does about it with tool(), askHuman(), finish() or another of these");
  const { kind, options } = definition;
  if (!Object.hasOwn(HANDLERS, kind)) refuse(`is of the kind ${JSON.stringify(kind)}, which does not exist`);
  checkOptions(`${agent}, step ${intent}`, fieldsAtLeast(HANDLERS[kind]), definition);
  checkOptions(`${agent}, step ${intent}`, optionsOf(kind), options);
  if (kind !== "tool") return;
  const { cacheSeconds, cacheScope, shared, readOnly = false, realValues } = definition.options;
  if (cacheSeconds !== undefined && !readOnly)
    refuse("has cacheSeconds but is not readOnly; only what changes nothing is cached");
  if (cacheScope !== undefined && cacheSeconds === undefined)
    refuse("has a cacheScope but no cacheSeconds: nothing would be cached");
  if (shared === true && cacheScope !== "agent")
    refuse('is shared but its cacheScope is not "agent"; nothing is shared within one thread');
  if (cacheScope === "agent" && (realValues !== undefined || keepOutOfStore))
    refuse(
      'has cacheScope: "agent", but placeholders stand for other values in other threads; cache it in the thread',
    );
}

/** Refuses names that the model could not tell from other parts of the thread. */
function checkNames(agent: string, names: readonly string[]): void {
  const unsafe = names.filter((name) => !isSafeTag(name));
  if (unsafe.length === 0) return;
  throw new UsageError(
    "invalid_configuration",
    `${agent}: the model could not tell the intents ${unsafe.join(", ")} from other parts of the thread; rename them`,
    { details: { agent, intents: unsafe } },
  );
}

/** The type checker finds this, too; a program that was not type-checked finds it here instead of in mid-thread. */
function checkHandlers(agent: string, intents: readonly string[], handlers: ReadonlySet<string>): void {
  const missing = intents.filter((intent) => !handlers.has(intent));
  const superfluous = [...handlers].filter((intent) => !intents.includes(intent));
  if (missing.length === 0 && superfluous.length === 0) return;
  const problems = [
    ...(missing.length === 0
      ? []
      : [`no code handles ${missing.join(", ")}: add to its \`steps\` \`${missing[0]}: tool((step) => …)\``]),
    ...(superfluous.length === 0
      ? []
      : [
          `the prompt has no ${superfluous.join(", ")}: take it out of \`steps\`, or give the prompt such an intent`,
        ]),
  ];
  throw new UsageError(
    "invalid_configuration",
    `${agent}: ${problems.join("; ")}. If the prompt is as it should be, generate the BAML client anew`,
    { details: { agent, missing, superfluous } },
  );
}
