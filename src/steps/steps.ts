import type {
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
export function tool<S>(
  // The step's type comes from the prompt and the handler alone: options that are shared by several tools fit in.
  run: (step: S, context: ToolContext) => unknown,
  options: ToolOptions<NoInfer<S>> = {},
): ToolStep<S> {
  return { kind: "tool", run, options };
}

/** The step asks a person; the thread waits, on disk, until somebody answers. */
export function askHuman<S>(
  ask: (step: S) => string | HumanQuestion,
  options: StepOptions<NoInfer<S>> = {},
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
export function finish<S, Result>(
  result: (step: S) => Result,
  options: StepOptions<NoInfer<S>> = {},
): FinishStep<S, Result> {
  return { kind: "finish", result, options };
}

/** The step waits: for `{ seconds }` or until a time. No process is needed meanwhile. */
export function sleep<S>(
  duration: (step: S) => { readonly seconds: number } | { readonly until: Date },
  options: StepOptions<NoInfer<S>> = {},
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
export function waitForEvent<S>(
  event: (step: S) => { readonly name: string; readonly timeoutSeconds?: number },
  options: StepOptions<NoInfer<S>> = {},
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
export function progress<S>(
  message: (step: S) => string,
  options: StepOptions<NoInfer<S>> = {},
): ProgressStep<S> {
  return { kind: "progress", message, options };
}

/** The step says that nothing is to be done: the run ends and nobody is contacted. */
export function nothing<S>(
  reason: (step: S) => string,
  options: StepOptions<NoInfer<S>> = {},
): NothingStep<S> {
  return { kind: "nothing", reason, options };
}
