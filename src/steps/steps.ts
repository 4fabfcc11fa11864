import { boolean, fields, fieldsAtLeast, oneOfKinds, optional } from "../base/checks.ts";
import { callback, checkOptions, nonEmptyName } from "../base/options.ts";
import type {
  AgentName,
  Approval,
  AskHumanOptions,
  AskHumanStep,
  DelegateOptions,
  DelegateStep,
  FinishStep,
  Handover,
  HumanQuestion,
  NothingStep,
  ProgressStep,
  SleepStep,
  StepOptions,
  ToolContext,
  ToolOptions,
  ToolStep,
  WaitForEventStep,
} from "./definitions.ts";

/**
 * A step that calls a function. The function gets exactly the BAML type. What it returns becomes the result (converted
 * to JSON by `toJson`); what it throws becomes an error event, and the loop goes on.
 *
 * @example
 * steps: {
 *   list_tags: tool(({ repository }) => git.tags(repository), { readOnly: true }),
 *   deploy: tool((step, { key }) => deploys.create(step.tag, { idempotencyKey: key }), { approval: "always" }),
 * }
 */
export function tool<S, A extends Approval = Approval>(
  // The step's type comes from the prompt and the handler alone, so that several tools can share their options.
  run: (step: S, context: ToolContext) => unknown,
  options: ToolOptions<NoInfer<S>, A> = {},
): ToolStep<S> {
  return { kind: "tool", run, options };
}

/**
 * A step that asks a person; the thread waits, on disk, until somebody answers.
 *
 * @example
 * steps: { request_more_information: askHuman((step) => step.question) }
 */
export function askHuman<S, A extends Approval = Approval>(
  ask: (step: S) => string | HumanQuestion,
  options: AskHumanOptions<NoInfer<S>, A> = {},
): AskHumanStep<S> {
  checkOptions("askHuman", callback, ask);
  return {
    kind: "ask_human",
    options,
    ask: (step) => {
      const asked = ask(step);
      return typeof asked === "string" ? { question: asked } : asked;
    },
  };
}

/**
 * A step that ends the run with a result. A later message to the thread continues from there.
 *
 * @example
 * steps: { done_for_now: finish((step) => step.message) }
 */
export function finish<S, Result, A extends Approval = Approval>(
  result: (step: S) => Result,
  options: StepOptions<NoInfer<S>, A> = {},
): FinishStep<S, Result> {
  return { kind: "finish", result, options };
}

/** A step that waits for some `seconds` or `until` a date. No process is needed meanwhile. */
export function sleep<S, A extends Approval = Approval>(
  duration: (step: S) => { readonly seconds: number } | { readonly until: Date },
  options: StepOptions<NoInfer<S>, A> = {},
): SleepStep<S> {
  checkOptions("sleep", callback, duration);
  return {
    kind: "sleep",
    options,
    until: (step, now) => {
      const given = duration(step);
      return "until" in given ? given.until.getTime() : now + given.seconds * 1000;
    },
  };
}

/** A step that waits for a named event from outside, at most `timeoutSeconds` (default: for ever). */
export function waitForEvent<S, A extends Approval = Approval>(
  event: (step: S) => { readonly name: string; readonly timeoutSeconds?: number },
  options: StepOptions<NoInfer<S>, A> = {},
): WaitForEventStep<S> {
  checkOptions("waitForEvent", callback, event);
  return {
    kind: "wait_for_event",
    options,
    event: (step, now) => {
      const { name, timeoutSeconds } = event(step);
      return timeoutSeconds === undefined ? { name } : { name, until: now + timeoutSeconds * 1000 };
    },
  };
}

/**
 * A step that hands work to another agent, which does it in a thread of its own. The thread waits, on disk, until that has
 * ended; its result is the result of the step, and its failure an error. Whoever cancels the thread cancels those below it.
 *
 * @example
 * steps: { roll_back: delegate({ agent: rollbackAgent, input: ({ release }) => `Roll back ${release}` }) }
 */
export function delegate<S, A extends Approval = Approval>(
  handover: Handover<S>,
  options: DelegateOptions<NoInfer<S>, A> = {},
): DelegateStep<S> {
  checkOptions("delegate", HANDOVER, handover);
  const { agent, input = fieldsOf, wait = true } = handover;
  return {
    kind: "delegate",
    options,
    wait,
    code: [typeof agent === "function" ? String(agent) : nameOf(agent), String(input)],
    agent: (step) => nameOf(typeof agent === "function" ? agent(step) : agent),
    input,
  };
}

const HANDOVER = fields({
  agent: oneOfKinds(
    "must be an agent, its name or a function",
    nonEmptyName,
    callback,
    fieldsAtLeast({ name: nonEmptyName }),
  ),
  input: optional(callback),
  wait: optional(boolean),
});

function nameOf(agent: AgentName): string {
  return typeof agent === "string" ? agent : agent.name;
}

function fieldsOf<S>(step: S): unknown {
  return Object.fromEntries(Object.entries(step ?? {}).filter(([name]) => name !== "intent"));
}

/** A step that tells people something; the run goes on. */
export function progress<S, A extends Approval = Approval>(
  message: (step: S) => string,
  options: StepOptions<NoInfer<S>, A> = {},
): ProgressStep<S> {
  return { kind: "progress", message, options };
}

/** A step that says there is nothing to do: the run ends and nobody is contacted. */
export function nothing<S, A extends Approval = Approval>(
  reason: (step: S) => string,
  options: StepOptions<NoInfer<S>, A> = {},
): NothingStep<S> {
  return { kind: "nothing", reason, options };
}
