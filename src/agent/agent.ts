import type { Json } from "../base/json.ts";
import type { ChatMessage } from "../context/formats/messages.ts";
import type { Answer, ModelChoice, PreparedRequest } from "../prompts/types.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { type AgentContextOptions, type ContextOfAgent, contextOfAgent } from "./agent-context.ts";
import type { Budget } from "./budget.ts";
import { checkApprovals } from "./check-approvals.ts";
import { checkAgentOptions } from "./options.ts";
import type { Prefetch, Prefetches } from "./prefetch.ts";
import type { Summarizer } from "./summarize.ts";

/** What the loop needs of a prompt function; `promptFunction(b, "Name")` gives one. */
export interface NextStepFunction<Args extends readonly unknown[], Result> {
  readonly name: string;
  /** Changes whenever the prompt or its types change; part of every approval digest. */
  readonly version: string;
  /** The intents that its answers may have. Absent: they are not known, or only when it is called. */
  readonly intents?: readonly string[] | undefined;
  /** The names of the function's own model's clients. Absent or empty: it has none of its own. */
  readonly ownModel?: readonly string[];
  call(args: Args, options?: NextStepOptions): Promise<Answer<Result>>;
  /** The exact request that `call` would send; nothing is sent. */
  request(args: Args, options?: NextStepOptions): Promise<PreparedRequest>;
  /** A text through guard, parser and gate, without a model: how an approver's edit is checked. */
  parse(raw: string): Answer<Result>;
}

export interface NextStepOptions {
  /** Who answers, whatever the function says. */
  readonly model?: ModelChoice | undefined;
  /** Who answers where the function has no model of its own. */
  readonly defaultModel?: ModelChoice | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Partial output while it streams: to be shown, never acted on. */
  readonly onPartial?: ((partial: unknown) => void) | undefined;
}

/** Limits on what goes wrong. */
export interface ErrorLimits {
  /** Errors in a row. Default 3. */
  readonly consecutiveErrors?: number;
  /** Failures of one tool since it last succeeded. Default 3. */
  readonly attemptsPerTool?: number;
  /**
   * The same step with the same outcome in a row, before the model is told; when it proposes it once more, it does not
   * run and a person is asked. Default 3.
   */
  readonly repeats?: number;
  /**
   * At a limit: `ask` a person (default); `stop`, so that the thread fails; or `reset`: the failed attempts since people
   * last looked become one line in what the model reads, and errors count anew. That happens once: at the next limit
   * with nothing successful in between, for a tool that has had its second chance, and for a step that succeeds again
   * and again, a person is asked.
   */
  readonly onLimit?: "ask" | "stop" | "reset";
}

/** One handler for each intent of the step union: a missing or superfluous one does not compile. */
export type StepTable<S extends { readonly intent: string }> = {
  readonly [I in S["intent"]]: StepDefinition<Extract<S, { readonly intent: I }>>;
};

/** A step as BAML types it. */
export interface AnyStep {
  readonly intent: string;
}

export type AgentOptions<
  Args extends readonly unknown[],
  S extends AnyStep,
  Steps extends StepTable<S> = StepTable<S>,
> = AgentSettings<S, Steps> &
  ([string] extends Args
    ? { readonly input?: PromptInput<Args> }
    : /** Needed where the prompt takes anything but the rendered thread. */ {
        readonly input: PromptInput<Args>;
      });

/** Makes the prompt's arguments. Default: the rendered thread as the only one. */
export type PromptInput<Args> = (context: PromptContext) => Args;

export interface PromptContext {
  readonly rendered: string;
  readonly thread: Thread;
  /** The thread as chat messages, for prompts that take those. */
  readonly messages: readonly ChatMessage[];
  /** The latest results of `prefetch`, as far as there are any: redacted like the thread. */
  readonly prefetched: Readonly<Record<string, Json>>;
}

export interface AgentSettings<S extends AnyStep, Steps extends StepTable<S>> {
  readonly name: string;
  /** One line: the agent's one purpose. */
  readonly description?: string;
  /** What code does about each intent. */
  readonly steps: Steps & { readonly [I in Exclude<keyof Steps, S["intent"]>]: never };
  /**
   * A completion with several steps: `first` runs the first and tells the model that the others were dropped
   * (default); `in_order` runs them one after another, and drops the rest when one is refused, denied or fails.
   */
  readonly severalSteps?: "first" | "in_order";
  readonly limits?: ErrorLimits;
  readonly budget?: Budget;
  /** What the model reads of a thread: format, view, redaction, token budget. Default: everything, as XML. */
  readonly context?: AgentContextOptions;
  /** What is fetched, all at once, before the model is first asked. Names stand where intents do. */
  readonly prefetch?: Readonly<Record<string, Prefetch>>;
  /** Writes the summary where the context's token budget needs one. Default: a note of what is left out. */
  readonly summarize?: Summarizer;
}

/**
 * An agent: plain data, made by `defineAgent`. The engine needs to know nothing of its steps; the types of them and of
 * its result are kept for who uses it: see `StepOf` and `ResultOf`.
 */
export interface Agent<S extends AnyStep = AnyStep, Result = unknown> {
  readonly name: string;
  readonly description: string;
  readonly nextStep: NextStep<S>;
  /** What code does about each intent. */
  readonly steps: ReadonlyMap<string, StepDefinition<Step>>;
  readonly severalSteps: "first" | "in_order";
  readonly limits: Required<ErrorLimits>;
  readonly budget: Budget & { readonly steps: number };
  readonly prefetch: Prefetches;
  readonly summarize: Summarizer | undefined;
  readonly context: ContextOfAgent;
  /** For the type checker only; never there when the program runs. */
  readonly types?: { readonly step: S; readonly result: Result } | undefined;
}

/** The prompt function of an agent, asked about a thread: the agent's `input` makes its arguments. */
export interface NextStep<S extends AnyStep = AnyStep> {
  readonly name: string;
  /** Changes whenever the prompt or its types change; part of every approval digest. */
  readonly version: string;
  /** The names of the function's own model's clients; empty where it has none of its own. */
  readonly ownModel: readonly string[];
  call(thread: Thread, options?: NextStepOptions): Promise<Answer<S | readonly S[]>>;
  /** The exact request that `call` would send; nothing is sent. */
  request(thread: Thread, options?: NextStepOptions): Promise<PreparedRequest>;
  /** A text through guard, parser and gate, without a model. */
  parse(raw: string): Answer<S | readonly S[]>;
}

/** The steps of an agent, as BAML types them: `StepOf<typeof calculator>`. */
export type StepOf<A> = A extends Agent<infer S, unknown> ? S : never;

/** What a run of an agent ends with: what its `finish` steps return, and the reason of a `nothing`. */
export type ResultOf<A> = A extends Agent<AnyStep, infer Result> ? Result : never;

type ResultOfStep<Definition> = Definition extends
  | { readonly kind: "finish"; result(step: never): infer Result }
  | { readonly kind: "nothing"; reason(step: never): infer Result }
  ? Result
  : never;

/**
 * Puts a prompt function and the code for each of its steps together. Pure: nothing is opened or started.
 * `nextStep` comes first and alone, so that the type of every step is known where its code is written.
 * Throws `UsageError` (`invalid_configuration`) for options that could not work: unknown names, numbers that timers and
 * stores cannot hold, a policy that is wrong, handlers that do not fit the prompt's intents, and a handler without a
 * source of its own (bound, native) on a tool that has effects or an approval and no `version`.
 */
export function defineAgent<
  Args extends readonly unknown[],
  S extends AnyStep,
  Steps extends StepTable<S> = StepTable<S>,
>(
  nextStep: NextStepFunction<Args, S | readonly S[]>,
  options: AgentOptions<Args, S, Steps>,
): Agent<S, ResultOfStep<Steps[keyof Steps]>> {
  checkAgentOptions(options, nextStep.intents);
  const { name, description = "", severalSteps = "first", summarize } = options;
  const steps = new Map<string, StepDefinition<Step>>(Object.entries(options.steps));
  const prefetch: Prefetches = new Map(Object.entries(options.prefetch ?? {}));
  checkApprovals(name, steps);
  const context = contextOfAgent(options.context ?? {}, steps, prefetch, summarize !== undefined);
  return {
    name,
    description,
    nextStep: aboutThreads(nextStep, options.input ?? renderedOnly<Args>(), context),
    steps,
    severalSteps,
    limits: limitsOf(options.limits ?? {}),
    budget: { ...options.budget, steps: options.budget?.steps ?? 20 },
    prefetch,
    summarize,
    context,
  };
}

// A limit that is there and undefined is no limit: the default holds.
function limitsOf({ consecutiveErrors, attemptsPerTool, repeats, onLimit }: ErrorLimits): Agent["limits"] {
  return {
    consecutiveErrors: consecutiveErrors ?? 3,
    attemptsPerTool: attemptsPerTool ?? 3,
    repeats: repeats ?? 3,
    onLimit: onLimit ?? "ask",
  };
}

function aboutThreads<Args extends readonly unknown[], S extends AnyStep>(
  nextStep: NextStepFunction<Args, S | readonly S[]>,
  input: PromptInput<Args>,
  context: ContextOfAgent,
): NextStep<S> {
  const argumentsFor = (thread: Thread): Args =>
    input({
      thread,
      get rendered() {
        return context.render(thread);
      },
      get messages() {
        return context.messages(thread);
      },
      get prefetched() {
        return context.prefetched(thread);
      },
    });
  return {
    name: nextStep.name,
    ownModel: nextStep.ownModel ?? [],
    // Made when it is asked for: it may need all prompts to be read.
    get version() {
      return nextStep.version;
    },
    call: async (thread, options) => nextStep.call(argumentsFor(thread), options),
    request: async (thread, options) => nextStep.request(argumentsFor(thread), options),
    parse: (raw) => nextStep.parse(raw),
  };
}

// AgentOptions lets `input` be absent only where `[string]` is a valid argument list.
function renderedOnly<Args extends readonly unknown[]>(): PromptInput<Args> {
  return ({ rendered }) => [rendered] as readonly unknown[] as Args;
}
