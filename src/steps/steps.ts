import { boolean, fields, fieldsAtLeast, oneOfKinds, optional } from "../base/checks.ts";
import { atOnce } from "../base/hooks.ts";
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
 * A step that asks a person. The thread waits on disk until somebody answers; no process is needed meanwhile. `ask` is called
 * when the step runs, and again only if the process dies before the question is stored. If it throws, or returns a question
 * that nobody could answer, the step is refused and the model reads why.
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
      const asked = atOnce(HANDLER, ask(step));
      return typeof asked === "string" ? { question: asked } : asked;
    },
  };
}

/**
 * A step that ends the run with a result (converted to JSON by `toJson`). A later message continues the thread from there.
 * `result` is called when the step runs, and again only if the process dies before the result is stored. If it throws, the
 * step is refused and the model reads why.
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

/**
 * A step that waits for some `seconds`, or `until` a date. No process is needed meanwhile. `duration` is called when the step
 * runs. If it throws, or gives no time, the step is refused and the model reads why; a time that has passed waits for nothing.
 *
 * @example
 * steps: { try_later: sleep(({ minutes }) => ({ seconds: minutes * 60 })) }
 */
export function sleep<S, A extends Approval = Approval>(
  duration: (step: S) => { readonly seconds: number } | { readonly until: Date },
  options: StepOptions<NoInfer<S>, A> = {},
): SleepStep<S> {
  checkOptions("sleep", callback, duration);
  return {
    kind: "sleep",
    options,
    until: (step, now) => {
      const given = atOnce(HANDLER, duration(step));
      return "until" in given ? given.until.getTime() : now + given.seconds * 1000;
    },
  };
}

/**
 * A step that waits for a named event from outside (`runtime.emit`, `POST /events`), at most `timeoutSeconds` (default: without
 * end). No process is needed meanwhile. `event` is called when the step runs. If it throws, or names no event, the step is
 * refused and the model reads why.
 *
 * @example
 * steps: { await_payment: waitForEvent(({ order }) => ({ name: `paid:${order}`, timeoutSeconds: 86_400 })) }
 */
export function waitForEvent<S, A extends Approval = Approval>(
  event: (step: S) => { readonly name: string; readonly timeoutSeconds?: number },
  options: StepOptions<NoInfer<S>, A> = {},
): WaitForEventStep<S> {
  checkOptions("waitForEvent", callback, event);
  return {
    kind: "wait_for_event",
    options,
    event: (step, now) => {
      const { name, timeoutSeconds } = atOnce(HANDLER, event(step));
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
    agent: (step) => nameOf(typeof agent === "function" ? atOnce("`agent`", agent(step)) : agent),
    input: (step) => atOnce("`input`", input(step)),
  };
}

const HANDLER = "the step's handler";

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

/**
 * A step that tells people something while the run goes on: it is an event of the thread, and is sent to the channel that the
 * thread comes from. `message` is called when the step runs. If it throws, the step is refused and the model reads why.
 *
 * @example
 * steps: { report: progress(({ text }) => text) }
 */
export function progress<S, A extends Approval = Approval>(
  message: (step: S) => string,
  options: StepOptions<NoInfer<S>, A> = {},
): ProgressStep<S> {
  return { kind: "progress", message, options };
}

/**
 * A step that says there is nothing to do: the run ends, and nobody is told. `reason` is called when the step runs and becomes
 * the result. If it throws, the step is refused and the model reads why.
 *
 * @example
 * steps: { no_action: nothing(({ why }) => why) }
 */
export function nothing<S, A extends Approval = Approval>(
  reason: (step: S) => string,
  options: StepOptions<NoInfer<S>, A> = {},
): NothingStep<S> {
  return { kind: "nothing", reason, options };
}
