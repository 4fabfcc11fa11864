import { UsageError } from "../base/errors.ts";
import { atOnce } from "../base/hooks.ts";
import type { Json } from "../base/json.ts";
import type { SearchText } from "../base/search-words.ts";
import { removeSecrets } from "../base/secret-patterns.ts";
import type { EventBlocks } from "../context/blocks/context-blocks.ts";
import { untrustedSources } from "../context/blocks/provenance.ts";
import { defaultOrigin } from "../context/blocks/view.ts";
import type { BudgetPolicy, ContextPlan } from "../context/budget/token-budget.ts";
import { type ContextOptions, createContext } from "../context/context.ts";
import type { ChatMessage } from "../context/formats/messages.ts";
import { patternsOf, restoreSecrets, secretsIn } from "../context/redaction/redaction.ts";
import { createShownEvents, type ShownEvents } from "../context/redaction/shown-events.ts";
import type { JsonEvent } from "../context/redaction/stored-content.ts";
import { createSearchTexts, createStoreRedactor } from "../context/redaction/stored-secrets.ts";
import type { StepDefinition, ToolOptions } from "../steps/definitions.ts";
import type { NewEvent, Step, ThreadEvent } from "../thread/events.ts";
import type { Thread, ThreadHead } from "../thread/thread.ts";
import type { Credentials } from "./credentials.ts";
import type { Prefetches } from "./prefetch.ts";

/** Options of an agent's context: those of any context, and where its redaction applies. */
export interface AgentContextOptions extends ContextOptions {
  /**
   * Redact what people and tools say before it is stored, not only before the model reads it; the `vault` alone then holds
   * the real values. Needs `redact` and `vault`. Default false.
   */
  readonly keepOutOfStore?: boolean;
}

/** What an agent makes of a thread: for the model, for a tool and for the store. Pure. */
export interface ContextOfAgent {
  readonly options: ContextOptions;
  /** False if `plan` always returns `ready`. */
  readonly budgeted: boolean;
  /** What the model reads. */
  render(thread: Thread): string;
  /** What the model reads, as chat messages, whatever the format. */
  messages(thread: Thread): ChatMessage[];
  /** What the model reads, event by event. */
  entries(thread: Thread): readonly EventBlocks[];
  /** The latest result of each prefetch, by name; failures are left out. */
  prefetched(thread: Pick<Thread, "events">): Readonly<Record<string, Json>>;
  /** What to do before the model is asked, so that the thread fits its token budget, or `tokens` if given. */
  plan(thread: Thread, tokens?: number): Promise<ContextPlan>;
  /** How many tokens the model reads of the thread. */
  countTokens(thread: Pick<Thread, "events">): Promise<number>;
  /** The events that take failed attempts out of what the model reads. */
  resetErrors(thread: Thread): NewEvent[];
  /** The sources of untrusted content in the thread, each once. */
  untrustedIn(thread: Pick<Thread, "events">): readonly string[];
  /** The step as the tool gets it, with real values in the fields declared by `realValues`. */
  forTool(step: Step, thread: Thread): Step;
  /** False if `forStore` does not need the thread's events. */
  readonly keepsOutOfStore: boolean;
  /**
   * Redacts, in events about to be stored, whatever the agent keeps out of the store. For `toStore` only. Throws
   * `UsageError` if the agent keeps anything out of the store and `thread` comes without its events.
   */
  forStore(events: readonly JsonEvent[], thread: ThreadHead | Thread): readonly JsonEvent[];
  /**
   * What can be found of `events`, which follow `before`: nothing that looks like a secret. Needs all of `before` only if the
   * agent redacts (`options.redact`).
   */
  forSearch(events: readonly ThreadEvent[], before: readonly ThreadEvent[]): readonly SearchText[];
  /** The thread's events as people read them: without what is redacted for the model. */
  forPeople(events: readonly ThreadEvent[]): ShownEvents;
  /** What tools get by reference. Absent if the agent needs none, or none are configured. */
  readonly credentials?: Credentials | undefined;
  /** Removes secrets from a text for good, including those that the step's tool was given. */
  hide(text: string, thread: Thread, step?: Step): string;
}

export function contextOfAgent(
  options: AgentContextOptions,
  steps: ReadonlyMap<string, StepDefinition<Step>>,
  prefetch: Prefetches,
  hasSummarizer: boolean,
): ContextOfAgent {
  const { keepOutOfStore = false, budget, ...view } = options;
  const { redact, vault } = view;
  if (keepOutOfStore && (redact === undefined || vault === undefined)) {
    const message = "keepOutOfStore needs redact, the rules, and a vault, which holds what is kept out";
    throw new UsageError("invalid_configuration", message);
  }
  const redactStored =
    keepOutOfStore && redact !== undefined && vault !== undefined
      ? createStoreRedactor(redact, vault)
      : undefined;
  const tools = Array.from(steps).flatMap(([intent, definition]): [string, ToolOptions<Step>][] =>
    definition.kind === "tool" ? [[intent, definition.options]] : [],
  );
  const untrusted = originOf(options.untrusted ?? defaultOrigin, steps, prefetch);
  const renderers = tools.flatMap(([intent, { renderResult }]) =>
    renderResult === undefined ? [] : [[intent, renderResult] as const],
  );
  const lookups = tools.flatMap(([intent, { readOnly }]) => (readOnly === true ? [intent] : []));
  const context = createContext({
    ...view,
    untrusted,
    renderResult: { ...Object.fromEntries(renderers), ...options.renderResult },
    budget: budget && { lookups, ...(hasSummarizer ? {} : { policies: WITHOUT_MODEL }), ...budget },
  });
  return {
    options: context.options,
    budgeted: context.budgeted,
    render: ({ events }) => context.render(events),
    messages: ({ events }) => context.messages(events),
    entries: ({ events }) => context.entries(events),
    prefetched: ({ events }) => context.prefetched(events),
    plan: ({ events }, tokens) => context.plan(events, tokens),
    countTokens: ({ events }) => context.countTokens(events),
    resetErrors: ({ events }) => context.resetErrors(events),
    untrustedIn: ({ events }) => [
      ...new Set(untrustedSources(events, untrusted).map(({ origin }) => origin)),
    ],
    forTool(step, { events }) {
      const allowed = new Map(tools).get(step.intent)?.realValues;
      if (allowed === undefined || redact === undefined) return step;
      // An erasure changes how the thread's secrets are numbered: a placeholder could lead to the wrong one.
      if (vault === undefined && events.some(({ type }) => type === "data_erased")) return step;
      return restoreSecrets(step, allowed, context.vault(events));
    },
    keepsOutOfStore: redactStored !== undefined,
    forStore(events, thread) {
      if (redactStored === undefined) return events;
      if ("events" in thread) return redactStored(events, thread.events);
      throw new UsageError(
        "invalid_argument",
        "what is kept out of the store shows only in the whole thread",
      );
    },
    forSearch: createSearchTexts(redact),
    forPeople: redact === undefined ? showAll : createShownEvents(redact, vault),
    hide(text, { events }, step) {
      if (redact === undefined) return text;
      const allowed = step === undefined ? undefined : new Map(tools).get(step.intent)?.realValues;
      const given = allowed === undefined || step === undefined ? [] : secretsIn(step, context.vault(events));
      // Longest first: one value may be part of another.
      const removed = given
        .sort((one, other) => other.length - one.length)
        .reduce((rest, secret) => rest.replaceAll(secret, "[secret removed]"), text);
      return removeSecrets(removed, patternsOf(redact));
    },
  };
}

const showAll = (events: readonly ThreadEvent[]): ShownEvents => ({
  events,
  json: (value) => value,
  secretFor: () => undefined,
});

const WITHOUT_MODEL: readonly BudgetPolicy[] = ["fold_errors", "cut_result", "drop_superseded", "forget"];

/** How the source of work begins that was handed over by an agent which has read untrusted content. */
export const HANDED_OVER = "from outside (";

/** The source of what an agent hands to another one that comes from these sources. */
export function handedOver(outside: readonly string[], agent: string): string {
  // From further up it is named so already.
  const [only] = outside;
  if (outside.length === 1 && only?.startsWith(HANDED_OVER)) return only;
  return `${HANDED_OVER}${outside.join(", ")}), by agent ${agent}`;
}

function originOf(
  base: NonNullable<ContextOptions["untrusted"]>,
  steps: ReadonlyMap<string, StepDefinition<Step>>,
  prefetch: Prefetches,
): NonNullable<ContextOptions["untrusted"]> {
  return (event: ThreadEvent, step: Step | undefined) => {
    if (event.type === "prefetched") {
      const { untrusted } = prefetch.get(event.data.name) ?? {};
      if (untrusted) return untrusted === true ? event.data.name : untrusted;
    }
    // What another agent has read may stand in what it says.
    if ((event.type === "child_finished" || event.type === "child_failed") && event.data.untrusted?.length)
      return event.data.untrusted.join(", ");
    // What an agent handed over may hold what it has read, whatever this agent trusts otherwise.
    if (event.type === "event_received" && event.data.source.startsWith(HANDED_OVER))
      return event.data.source;
    const definition = step === undefined ? undefined : steps.get(step.intent);
    const declared = definition?.kind === "tool" ? definition.options.untrusted : undefined;
    const isOutcome =
      event.type === "tool_finished" || event.type === "tool_failed" || event.type === "event_received";
    if (declared && isOutcome) return declared === true ? (step?.intent ?? "tool") : declared;
    return atOnce("`untrusted`", base(event, step));
  };
}
