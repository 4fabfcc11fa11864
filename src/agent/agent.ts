import { UsageError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { isSafeTag } from "../context/blocks/block.ts";
import type { AgentContext } from "../context/context.ts";
import type { ChatMessage } from "../context/formats/messages.ts";
import type { Answer, ModelChoice, PreparedRequest } from "../prompts/types.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import type { NewEvent, Step } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { type AgentContextOptions, contextOfAgent } from "./agent-context.ts";
import type { Budget } from "./budget.ts";
import type { Prefetch, Prefetches } from "./prefetch.ts";
import type { Summarizer } from "./summarize.ts";

/** What the loop needs of a prompt function; `promptFunction(b, "Name")` gives one. */
export interface NextStepFunction<Args extends readonly unknown[], Result> {
  readonly name: string;
  /** Changes whenever the prompt or its types change; part of every approval digest. */
  readonly version: string;
  call(args: Args, options?: NextStepOptions): Promise<Answer<Result>>;
  /** The exact request that `call` would send; nothing is sent. */
  request(args: Args, options?: NextStepOptions): Promise<PreparedRequest>;
  /** A text through guard, parser and gate, without a model: how an approver's edit is checked. */
  parse(raw: string): Answer<Result>;
}

export interface NextStepOptions {
  readonly model?: ModelChoice;
  readonly signal?: AbortSignal;
  /** Partial output while it streams: to be shown, never acted on. */
  readonly onPartial?: (partial: unknown) => void;
}

/** Limits on what goes wrong. */
export interface ErrorLimits {
  /** Errors in a row. Default 3. */
  readonly consecutiveErrors?: number;
  /** Failures of one tool since it last succeeded. Default 3. */
  readonly attemptsPerTool?: number;
  /** The same step with the same outcome in a row, before the model is told and, at the next time, a person. Default 3. */
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

export type AgentOptions<
  Args extends readonly unknown[],
  S extends { readonly intent: string },
> = AgentSettings<S> &
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

interface AgentSettings<S extends { readonly intent: string }> {
  readonly name: string;
  /** One line: the agent's one purpose. */
  readonly description?: string;
  /** What code does about each intent. */
  readonly steps: StepTable<S>;
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

/** An agent as the engine sees it: the same for every step union. */
export interface Agent {
  readonly name: string;
  readonly description: string;
  readonly promptName: string;
  readonly promptVersion: string;
  readonly steps: ReadonlyMap<string, StepDefinition<Step>>;
  readonly severalSteps: "first" | "in_order";
  readonly limits: Required<ErrorLimits>;
  readonly budget: Budget & { readonly steps: number };
  readonly context: AgentContext;
  readonly prefetch: Prefetches;
  readonly summarize?: Summarizer;
  /** Where untrusted content in the thread came from. */
  untrustedIn(thread: Thread): readonly string[];
  /** The step as its tool gets it. */
  forTool(step: Step, thread: Thread): Step;
  /** The event as it is stored in a thread: without it, in a new one. */
  forStore(event: NewEvent, thread?: Thread): NewEvent;
  /** A text without secrets, for good: also without those that the step's tool was given. */
  withoutSecrets(text: string, thread: Thread, step?: Step): string;
  /** What the model reads of a thread. */
  render(thread: Thread): string;
  ask(rendered: string, thread: Thread, options: NextStepOptions): Promise<Answer<unknown>>;
  request(rendered: string, thread: Thread, options: NextStepOptions): Promise<PreparedRequest>;
  parse(raw: string): Answer<unknown>;
}

/**
 * Puts a prompt function and the code for each of its steps together. Pure: nothing is opened or started.
 * `nextStep` comes first and alone, so that the type of every step is known where its code is written.
 * Throws `UsageError` where two intents could not be told apart in what the model reads.
 */
export function defineAgent<Args extends readonly unknown[], S extends { readonly intent: string }>(
  nextStep: NextStepFunction<Args, S | readonly S[]>,
  options: AgentOptions<Args, S>,
): Agent {
  const { input = renderedOnly<Args>() } = options;
  const steps = new Map<string, StepDefinition<Step>>(Object.entries(options.steps));
  const prefetch: Prefetches = new Map(Object.entries(options.prefetch ?? {}));
  checkIntents(options.name, [...steps.keys(), ...prefetch.keys()]);
  checkCaches(options.name, steps);
  const { context, ...ofContext } = contextOfAgent(
    options.context ?? {},
    steps,
    prefetch,
    options.summarize !== undefined,
  );
  const args = (rendered: string, thread: Thread): Args =>
    input({
      rendered,
      thread,
      get messages() {
        return context.messages(thread.events);
      },
      get prefetched() {
        return context.prefetched(thread.events);
      },
    });
  return {
    name: options.name,
    description: options.description ?? "",
    promptName: nextStep.name,
    get promptVersion() {
      return nextStep.version;
    },
    steps,
    severalSteps: options.severalSteps ?? "first",
    limits: { consecutiveErrors: 3, attemptsPerTool: 3, repeats: 3, onLimit: "ask", ...options.limits },
    budget: { steps: 20, ...options.budget },
    context,
    prefetch,
    ...ofContext,
    ...(options.summarize === undefined ? {} : { summarize: options.summarize }),
    render: (thread) => context.render(thread.events),
    ask: (rendered, thread, callOptions) => nextStep.call(args(rendered, thread), callOptions),
    request: (rendered, thread, callOptions) => nextStep.request(args(rendered, thread), callOptions),
    parse: (raw) => nextStep.parse(raw),
  };
}

// AgentOptions lets `input` be absent only where `[string]` is a valid argument list.
function renderedOnly<Args extends readonly unknown[]>(): PromptInput<Args> {
  return ({ rendered }) => [rendered] as readonly unknown[] as Args;
}

function checkCaches(agent: string, steps: ReadonlyMap<string, StepDefinition<Step>>): void {
  for (const [intent, definition] of steps) {
    if (definition.kind !== "tool" || definition.options.cacheSeconds === undefined) continue;
    if (definition.options.readOnly === true) continue;
    const message = `agent ${agent}: ${intent} has cacheSeconds but is not readOnly; only what changes nothing is cached`;
    throw new UsageError("invalid_configuration", message, { details: { agent, intent } });
  }
}

function checkIntents(agent: string, intents: readonly string[]): void {
  const unsafe = intents.filter((intent) => !isSafeTag(intent));
  if (unsafe.length === 0) return;
  throw new UsageError(
    "invalid_configuration",
    `agent ${agent}: the model could not tell the intents ${unsafe.join(", ")} from other parts of the thread; rename them`,
    { details: { agent, intents: unsafe } },
  );
}
