import { UsageError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { checkOptions, objectWith } from "../base/options.ts";
import type { ChatMessage } from "../context/formats/messages.ts";
import type { DeclaredType } from "../prompts/baml/declared-type.ts";
import type { StepFields } from "../prompts/baml/step-fields.ts";
import type { ProseMode } from "../prompts/gate/form.ts";
import type { Admit, Answer, ModelChoice, PreparedRequest } from "../prompts/types.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { type AgentContextOptions, type ContextOfAgent, contextOfAgent } from "./agent-context.ts";
import type { Budget } from "./budget.ts";
import { checkApprovals } from "./check-approvals.ts";
import { checkAgentOptions } from "./options.ts";
import type { Prefetch, Prefetches } from "./prefetch.ts";
import type { Summarizer } from "./summarize.ts";

/** What the loop needs of a prompt function; `promptFunction(b, "Name", …)` returns one. */
export interface NextStepFunction<Args extends readonly unknown[], Result> {
  readonly name: string;
  /** Changes whenever the prompt or its types change; part of every approval digest. */
  readonly version: string;
  /** The intents that its answers may have. Absent if they are unknown, or known only once it is called. */
  readonly intents?: readonly string[] | undefined;
  /** The fields of its answers' steps, as people read and edit them. Absent if they are unknown. */
  readonly stepFields?: StepFields | undefined;
  /** The names of the checks (`@check`) on the types of its answers. Absent if they are unknown. */
  readonly checkNames?: ReadonlySet<string> | undefined;
  /** The type of its answers, as the prompt declares it: what an approver's edit must fit. Absent if it is unknown. */
  readonly returns?: DeclaredType | undefined;
  /** The names of the clients of the function's own model. Absent or empty if it has no model of its own. */
  readonly ownModel?: readonly string[];
  /** Where the model may write prose beside the JSON. Absent if that is not known. */
  readonly prose?: ProseMode | undefined;
  call(args: Args, options?: NextStepOptions): Promise<Answer<Result>>;
  /** The exact request that `call` would send; nothing is sent. */
  request(args: Args, options?: NextStepOptions): Promise<PreparedRequest>;
  /** Puts a text through guard, parser and gate without asking a model. This is how an approver's edit is checked. */
  parse(raw: string): Answer<Result>;
  /** The arguments by name, as the prompt gets them. Absent, or `undefined`, if it has no names for them. */
  namedArguments?(args: Args): Readonly<Record<string, unknown>> | undefined;
  /** The same function with other `.baml` files. Absent if it is not made of any. */
  withBamlFiles?(files: Readonly<Record<string, string>>): NextStepFunction<Args, Result>;
  /** What is fetched for the union of a thread, besides the agent's own prefetches; see `withThreadTools`. */
  readonly prefetch?: Readonly<Record<string, Prefetch>>;
  /** The same with what joined a thread, by the results of its prefetches. Absent: the union is the same in all threads. */
  forThread?(prefetched: Readonly<Record<string, Json>>): NextStepFunction<Args, Result>;
}

export interface NextStepOptions {
  /** The model that answers, even if the function has one of its own. */
  readonly model?: ModelChoice | undefined;
  /** The model that answers if the function has none of its own. */
  readonly defaultModel?: ModelChoice | undefined;
  /** Asked before each attempt, to limit how much a client is asked. */
  readonly admit?: Admit | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with partial output while it streams, for display only: never act on it. */
  readonly onPartial?: ((partial: unknown) => void) | undefined;
}

/** How much may go wrong before a person is asked. */
export interface ErrorLimits {
  /** Errors in a row. Default 3. */
  readonly consecutiveErrors?: number;
  /** Failures of one tool since its last success. Default 3. */
  readonly attemptsPerTool?: number;
  /**
   * How often in a row the same step, or the same two or three in turn, may have the same outcomes before the model is told. If
   * the model then proposes one of them once more, it does not run and a person is asked. Default 3.
   */
  readonly repeats?: number;
  /**
   * What happens at a limit. `ask` (default) asks a person. `stop` lets the thread fail. `reset` shrinks the failed
   * attempts since people last looked to one line in what the model reads, and starts counting errors anew. It does so
   * once: a person is asked at the next limit if nothing has succeeded in between, if a tool has had its second chance,
   * or if the same step keeps succeeding.
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

/**
 * Makes the prompt's arguments. Called before each model call, and again whenever the request is shown; must be pure. If it
 * throws, no model is asked, and a person decides whether to try again. Default: the rendered thread as the only argument.
 */
export type PromptInput<Args> = (context: PromptContext) => Args;

export interface PromptContext {
  readonly rendered: string;
  readonly thread: Thread;
  /** The thread as chat messages, for prompts that take those. */
  readonly messages: readonly ChatMessage[];
  /** The latest result of each prefetch that has one, by name, redacted like the thread. */
  readonly prefetched: Readonly<Record<string, Json>>;
}

export type OnVersionChange = "float" | "refuse";
export type SeveralSteps = "first" | "in_order" | "concurrent";
export type WhenBusy = "steer" | "queue" | "interrupt";

export interface AgentSettings<S extends AnyStep, Steps extends StepTable<S>> {
  readonly name: string;
  /** The agent's one purpose, in one line. */
  readonly description?: string;
  /** Names the agent as it is now: its prompt, its tools and its rules. New threads keep it. */
  readonly version?: string;
  /**
   * What an open thread does that has another `version`, or none. `float` (default) goes on with the agent as it is now.
   * `refuse` waits for a person, who lets it go on with the new version or stops it. `refuse` needs a `version`.
   */
  readonly onVersionChange?: OnVersionChange;
  /** What code does with each intent of the prompt. */
  readonly steps: Steps & { readonly [I in Exclude<keyof Steps, S["intent"]>]: never };
  /**
   * What happens to a completion with several steps. `first` (default) runs the first and tells the model that the others
   * were dropped. `in_order` runs one after another, and drops the rest when one is refused or denied, or fails.
   * `concurrent` does the same, but neighbouring calls of read-only tools run at once, at most 8 of them: one that fails
   * stops no neighbour, and their results are recorded in the order of the steps when all have ended. A call with a judge,
   * or about which a person must be asked, runs alone.
   */
  readonly severalSteps?: SeveralSteps;
  /**
   * What a message, or an event from outside, does that comes in while a model or a tool works. `steer` (default): a
   * running tool goes on, and an answer of the model that did not take the message into account is dropped; the model is
   * asked anew. `queue`: the answer counts, and the model reads the message before its next step or before the run ends.
   * `interrupt`: like `steer`, and the signals of the model call and of the running tool are aborted; a tool that is
   * interrupted and not `idempotent` has an unknown outcome, about which a person is asked.
   */
  readonly whenBusy?: WhenBusy;
  readonly limits?: ErrorLimits;
  readonly budget?: Budget;
  /** What the model reads of a thread: format, view, redaction, token budget. Default: everything, as XML. */
  readonly context?: AgentContextOptions;
  /** What to fetch, all at once, before the model is first asked. The model reads each name where it reads intents. */
  readonly prefetch?: Readonly<Record<string, Prefetch>>;
  /** Writes a summary when the context's token budget needs one. Default: a note of what is left out. */
  readonly summarize?: Summarizer;
}

/**
 * An agent: plain data, made by `defineAgent`. The engine knows nothing of its steps' types; callers get the types of
 * its steps and of its result with `StepOf` and `ResultOf`.
 */
export interface Agent<S extends AnyStep = AnyStep, Result = unknown> {
  readonly name: string;
  readonly description: string;
  readonly version: string | undefined;
  readonly onVersionChange: OnVersionChange;
  readonly nextStep: NextStep<S>;
  /** What code does with each intent. */
  readonly steps: ReadonlyMap<string, StepDefinition<Step>>;
  readonly severalSteps: SeveralSteps;
  readonly whenBusy: WhenBusy;
  readonly limits: Required<ErrorLimits>;
  readonly budget: Budget & { readonly steps: number };
  readonly prefetch: Prefetches;
  readonly summarize: Summarizer | undefined;
  readonly context: ContextOfAgent;
  /** For the type checker only; always absent at run time. */
  readonly types?: { readonly step: S; readonly result: Result } | undefined;
}

/** An agent's prompt function, called with a thread: the agent's `input` makes the arguments. */
export interface NextStep<S extends AnyStep = AnyStep> {
  readonly name: string;
  /** Changes whenever the prompt or its types change, but for the types that join single threads. */
  readonly version: string;
  /** The version with the types that joined this thread; part of every approval digest. */
  versionFor(thread: Thread): string;
  /** The names of the prefetches from which the types come that join single threads. */
  readonly joins: readonly string[];
  /** The fields of its steps, as people read and edit them. Absent if they are unknown. */
  readonly stepFields?: StepFields | undefined;
  /** The names of the checks (`@check`) on the types of its answers. Absent if they are unknown. */
  readonly checkNames?: ReadonlySet<string> | undefined;
  /** The type of its answers, as the prompt declares it. Absent if it is unknown. */
  readonly returns?: DeclaredType | undefined;
  /** The intents of its answers. Absent if they are unknown, or their types known only at run time. */
  readonly intents?: readonly string[] | undefined;
  /** The names of the clients of the function's own model; empty if it has no model of its own. */
  readonly ownModel: readonly string[];
  /** Where the model may write prose beside the JSON. Absent if that is not known. */
  readonly prose?: ProseMode | undefined;
  call(thread: Thread, options?: NextStepOptions): Promise<Answer<S | readonly S[]>>;
  /** The exact request that `call` would send; nothing is sent. */
  request(thread: Thread, options?: NextStepOptions): Promise<PreparedRequest>;
  /** Puts a text through guard, parser and gate without asking a model, with the types that joined this thread. */
  parse(raw: string, thread: Pick<Thread, "events">): Answer<S | readonly S[]>;
  /** The arguments by name, as the prompt gets them. Absent, or `undefined`, if it has no names for them. */
  readonly namedArguments?: ((thread: Thread) => Readonly<Record<string, unknown>> | undefined) | undefined;
  /** The same with other `.baml` files, e.g. those of another revision. Absent if the function is not made of any. */
  readonly withBamlFiles?: ((files: Readonly<Record<string, string>>) => NextStep<S>) | undefined;
}

/** The steps of an agent, as BAML types them: `StepOf<typeof calculator>`. */
export type StepOf<A> = A extends Agent<infer S, unknown> ? S : never;

/** What a run of an agent ends with: the result of a `finish` step, or the reason of a `nothing` step. */
export type ResultOf<A> = A extends Agent<AnyStep, infer Result> ? Result : never;

type ResultOfStep<Definition> = Definition extends
  | { readonly kind: "finish"; result(step: never): infer Result }
  | { readonly kind: "nothing"; reason(step: never): infer Result }
  ? Result
  : never;

/**
 * Joins a prompt function with the code for each of its steps. Pure: nothing is opened or started. `nextStep` is the
 * first argument, on its own, so that TypeScript knows the type of every step where its code is written.
 *
 * Throws `UsageError` (`invalid_configuration`) for options that could not work: unknown names, numbers that timers and
 * stores cannot hold, an invalid policy, handlers that do not match the prompt's intents, and a bound or native handler,
 * which has no source of its own, on a tool that has effects or an approval but no `version`.
 *
 * @example
 * const calculator = defineAgent(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
 *   name: "calculator",
 *   steps: {
 *     add: tool(({ a, b }) => a + b, { readOnly: true }),
 *     request_more_information: askHuman((step) => step.question),
 *     done_for_now: finish((step) => step.message),
 *   },
 * });
 */
export function defineAgent<
  Args extends readonly unknown[],
  S extends AnyStep,
  Steps extends StepTable<S> = StepTable<S>,
>(
  nextStep: NextStepFunction<Args, S | readonly S[]>,
  options: AgentOptions<Args, S, Steps>,
): Agent<S, ResultOfStep<Steps[keyof Steps]>> {
  checkOptions("defineAgent, the prompt function", NEXT_STEP, nextStep);
  const fetched = prefetchesOf(nextStep.prefetch, options);
  checkAgentOptions({ ...options, prefetch: fetched }, nextStep.intents);
  const { name, description = "", severalSteps = "first", whenBusy = "steer", summarize } = options;
  const { version, onVersionChange = "float" } = options;
  const steps = new Map<string, StepDefinition<Step>>(Object.entries(options.steps));
  const prefetch: Prefetches = new Map(Object.entries(fetched));
  checkApprovals(name, steps);
  const context = contextOfAgent(options.context ?? {}, steps, prefetch, summarize !== undefined);
  return {
    name,
    description,
    version,
    onVersionChange,
    nextStep: aboutThreads(nextStep, options.input ?? passRendered<Args>(), context),
    steps,
    severalSteps,
    whenBusy,
    limits: limitsOf(options.limits ?? {}),
    budget: { ...options.budget, steps: options.budget?.steps ?? 20 },
    prefetch,
    summarize,
    context,
  };
}

/** What `promptFunction` returns, and anything else that can be asked like it. Its other fields may be costly to read. */
const NEXT_STEP = objectWith("call", "request", "parse");

/** The agent's own and those of its prompt function; as it is, if it is nothing that could be checked by name. */
function prefetchesOf(
  ofFunction: Readonly<Record<string, Prefetch>> | undefined,
  { name, prefetch = {} }: { readonly name: string; readonly prefetch?: Readonly<Record<string, Prefetch>> },
): Readonly<Record<string, Prefetch>> {
  if (ofFunction === undefined) return prefetch;
  const twice = Object.keys(prefetch).find((one) => Object.hasOwn(ofFunction, one));
  if (twice === undefined) return { ...ofFunction, ...prefetch };
  const message = `agent ${name}: the prefetch ${twice} has the name of tools that join its threads; rename it`;
  throw new UsageError("invalid_configuration", message);
}

// An explicit `undefined` sets no limit: the default applies.
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
  const findFunction = (thread: Pick<Thread, "events">) =>
    nextStep.forThread?.(context.prefetched(thread)) ?? nextStep;
  return {
    name: nextStep.name,
    ownModel: nextStep.ownModel ?? [],
    prose: nextStep.prose,
    // Computed on demand: it may require reading all prompts.
    get version() {
      return nextStep.version;
    },
    get stepFields() {
      return nextStep.stepFields;
    },
    get checkNames() {
      return nextStep.checkNames;
    },
    get returns() {
      return nextStep.returns;
    },
    get intents() {
      return nextStep.intents;
    },
    versionFor: (thread) => findFunction(thread).version,
    joins: Object.keys(nextStep.prefetch ?? {}),
    call: async (thread, options) => findFunction(thread).call(argumentsFor(thread), options),
    request: async (thread, options) => findFunction(thread).request(argumentsFor(thread), options),
    parse: (raw, thread) => findFunction(thread).parse(raw),
    namedArguments: (thread) => nextStep.namedArguments?.(argumentsFor(thread)),
    withBamlFiles:
      nextStep.withBamlFiles === undefined
        ? undefined
        : (files) => aboutThreads(nextStep.withBamlFiles?.(files) ?? nextStep, input, context),
  };
}

// AgentOptions lets `input` be absent only where `[string]` is a valid argument list.
function passRendered<Args extends readonly unknown[]>(): PromptInput<Args> {
  return ({ rendered }) => [rendered] as readonly unknown[] as Args;
}
