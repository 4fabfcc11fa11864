import type {
  Approval,
  AskHumanStep,
  FinishStep,
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
 * The step calls a function. It gets exactly the BAML type; what it returns becomes the result (made JSON by
 * `toJson`), what it throws becomes an error event and the loop goes on.
 */
export function tool<S, A extends Approval = Approval>(
  // The step's type comes from the prompt and the handler alone: options that are shared by several tools fit in.
  run: (step: S, context: ToolContext) => unknown,
  options: ToolOptions<NoInfer<S>, A> = {},
): ToolStep<S> {
  return { kind: "tool", run, options };
}

/** The step asks a person; the thread waits, on disk, until somebody answers. */
export function askHuman<S, A extends Approval = Approval>(
  ask: (step: S) => string | HumanQuestion,
  options: StepOptions<NoInfer<S>, A> = {},
): AskHumanStep<S> {
  return {
    kind: "ask_human",
    options,
    ask: (step) => {
      const asked = ask(step);
      return typeof asked === "string" ? { question: asked } : asked;
    },
  };
}

/** The step ends the run with a result. A later message to the thread goes on from there. */
export function finish<S, Result, A extends Approval = Approval>(
  result: (step: S) => Result,
  options: StepOptions<NoInfer<S>, A> = {},
): FinishStep<S, Result> {
  return { kind: "finish", result, options };
}

/** The step waits: for `{ seconds }` or until a time. No process is needed meanwhile. */
export function sleep<S, A extends Approval = Approval>(
  duration: (step: S) => { readonly seconds: number } | { readonly until: Date },
  options: StepOptions<NoInfer<S>, A> = {},
): SleepStep<S> {
  return {
    kind: "sleep",
    options,
    until: (step, now) => {
      const given = duration(step);
      return "until" in given ? given.until.getTime() : now + given.seconds * 1000;
    },
  };
}

/** The step waits for a named event from outside, at most `timeoutSeconds`. */
export function waitForEvent<S, A extends Approval = Approval>(
  event: (step: S) => { readonly name: string; readonly timeoutSeconds?: number },
  options: StepOptions<NoInfer<S>, A> = {},
): WaitForEventStep<S> {
  return {
    kind: "wait_for_event",
    options,
    event: (step, now) => {
      const { name, timeoutSeconds } = event(step);
      return timeoutSeconds === undefined ? { name } : { name, until: now + timeoutSeconds * 1000 };
    },
  };
}

/** The step tells people something and the run goes on. */
export function progress<S, A extends Approval = Approval>(
  message: (step: S) => string,
  options: StepOptions<NoInfer<S>, A> = {},
): ProgressStep<S> {
  return { kind: "progress", message, options };
}

/** The step says that nothing is to be done: the run ends and nobody is contacted. */
export function nothing<S, A extends Approval = Approval>(
  reason: (step: S) => string,
  options: StepOptions<NoInfer<S>, A> = {},
): NothingStep<S> {
  return { kind: "nothing", reason, options };
}
