import { someFields } from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { checkOptions } from "../base/options.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import type { ContextBlock } from "./blocks/block.ts";
import { type EventBlocks, readEvents } from "./blocks/context-blocks.ts";
import type { ContextView } from "./blocks/view.ts";
import { foldResolvedErrors } from "./budget/fold-errors.ts";
import { planWithin } from "./budget/plan.ts";
import { resetErrors } from "./budget/reset-errors.ts";
import {
  type ContextPlan,
  checkBudget,
  completeBudget,
  counterOf,
  type FullBudget,
  type TokenBudget,
} from "./budget/token-budget.ts";
import { tokenCeiling } from "./budget/tokens.ts";
import { TEXT_FORMATS, type TextFormat, type TextFormatName } from "./formats/formats.ts";
import type { ChatMessage } from "./formats/messages.ts";
import { CONTEXT_OPTIONS } from "./options.ts";
import { createReader } from "./reading.ts";
import type { SecretVault } from "./redaction/redaction.ts";

/**
 * A format of your own: makes the whole text from the blocks (and from the events, if it needs more). Called whenever the
 * thread is rendered or its tokens are counted; must be pure. A token budget is kept by hiding blocks, so a text made from
 * the events instead may not fit: then a person is asked, and nothing is sent.
 */
export type CustomFormat = (blocks: readonly ContextBlock[], events: readonly ThreadEvent[]) => string;

export interface ContextOptions extends ContextView {
  /**
   * How the model reads the thread: a built-in text format (default `xml`), `messages` for prompts that take chat
   * messages, a text format per block, or a function of all blocks.
   */
  readonly format?: TextFormatName | "messages" | TextFormat | CustomFormat;
  /** The token budget, enforced before every model call. Default: none. */
  readonly budget?: TokenBudget | undefined;
  /** Shrink failed attempts to one line as soon as they are resolved, not only when the budget needs it. Default false. */
  readonly foldErrors?: boolean;
}

/** The context window of one agent: what the model reads of a thread, and what must be done before it fits. */
export interface AgentContext {
  readonly options: ContextOptions;
  /** False if `plan` always returns `ready`. */
  readonly budgeted: boolean;
  /** The thread as one text. Only what is new since the last call is rendered, unless the format is a function. */
  render(events: readonly ThreadEvent[]): string;
  /** The thread as chat messages, whatever the format. */
  messages(events: readonly ThreadEvent[]): ChatMessage[];
  /** The latest result of each prefetch, by name; failures are left out. */
  prefetched(events: readonly ThreadEvent[]): Readonly<Record<string, Json>>;
  /** What is shown, event by event. */
  entries(events: readonly ThreadEvent[]): readonly EventBlocks[];
  /** What the placeholders of the thread stand for. */
  vault(events: readonly ThreadEvent[]): SecretVault;
  /**
   * What to do so that the thread fits its budget: see `planContext`. `tokens` replaces the budget for this call. Throws
   * `UsageError` (`invalid_configuration`) if the agent's own format is over the budget although nothing more can be left
   * out.
   */
  plan(events: readonly ThreadEvent[], tokens?: number): Promise<ContextPlan>;
  /** How many tokens the model reads of the thread. */
  countTokens(events: readonly ThreadEvent[]): Promise<number>;
  /** The events that take failed attempts out of the context at a limit on errors: see `resetErrors`. */
  resetErrors(events: readonly ThreadEvent[]): NewEvent[];
}

/** Creates a context; opens and starts nothing. Throws `UsageError` for options that could not work. */
export function createContext(options: ContextOptions = {}): AgentContext {
  checkOptions("createContext", someFields(CONTEXT_OPTIONS), options);
  const { format = "xml", budget, foldErrors = false } = options;
  const custom = typeof format === "function" ? format : undefined;
  const textFormat = textFormatOf(format);
  const read = createReader(options, textFormat);
  const showEvents = (events: readonly ThreadEvent[]) => read(events).entries();
  const render = (events: readonly ThreadEvent[]) =>
    custom === undefined
      ? read(events).text()
      : custom(
          showEvents(events).flatMap(({ blocks }) => blocks),
          events,
        );
  if (budget !== undefined) checkBudget(budget);
  // The blocks are planned in a text format; where what is read costs more than that, they get so much less room.
  const shrink = (events: readonly ThreadEvent[], tokens: number, plain: number, limits: FullBudget) => {
    for (const factor of FACTORS) {
      const share = Math.max(1, tokens / Math.max(1, plain)) * factor;
      const plan = planWithin(events, limitsOfShare(limits, share), options, textFormat);
      if (plan.kind !== "ready") return plan;
    }
    const message = `the thread has ${tokens} tokens in the agent's own format and nothing more can be left out; the budget is ${limits.tokens}`;
    throw new UsageError("invalid_configuration", message, { details: { tokens, budget: limits.tokens } });
  };
  const textOf = (events: readonly ThreadEvent[]) =>
    format === "messages" ? textOfMessages(read(events).messages()) : render(events);
  const countTokens = async (events: readonly ThreadEvent[], text = textOf(events)) =>
    read(events).tokensOf(text, await counterOf(budget));
  return {
    options,
    budgeted: budget !== undefined || foldErrors,
    render,
    messages: (events) => read(events).messages(),
    entries: showEvents,
    prefetched: (events) => read(events).prefetched(),
    vault: (events) => read(events).vault,
    resetErrors(events) {
      const readable = readEvents(events, options);
      return resetErrors(readable.events, readable.shown);
    },
    countTokens: (events) => countTokens(events),
    async plan(events, most = budget?.tokens) {
      if (foldErrors && hasUnfoldedFailure(events)) {
        // The lines are made of what the model may see: cut, a secret would no longer be known as one.
        const readable = readEvents(events, options);
        const ranges = foldResolvedErrors(readable.events, readable.shown);
        const folds = ranges.map((data) => ({ type: "context_compacted", data }) as const);
        if (folds.length > 0) return { kind: "compact", events: folds };
      }
      if (most === undefined) return { kind: "ready", tokens: null };
      const text = textOf(events);
      if (tokenCeiling(text) <= most) return { kind: "ready", tokens: null };
      const tokens = await countTokens(events, text);
      if (tokens <= most) return { kind: "ready", tokens };
      const limits = await completeBudget({ ...budget, tokens: most });
      const plain =
        textFormat === format || (typeof format === "string" && format !== "messages")
          ? tokens
          : limits.countTokens(read(events).text());
      return shrink(events, tokens, plain, limits);
    },
  };
}

// Tokens of parts and of the whole differ a little, and a format of the agent's own may cost more for some blocks.
const FACTORS = [1, 1.1, 1.5, 3, 10, 30];

function limitsOfShare(limits: FullBudget, share: number): FullBudget {
  const of = (tokens: number) => Math.floor(tokens / share);
  return { ...limits, tokens: of(limits.tokens), largeResult: of(limits.largeResult) };
}

/** About what chat messages cost, with a few tokens for each change of role. */
function textOfMessages(messages: readonly ChatMessage[]): string {
  return messages.map(({ role, content }) => `\n\n<${role}>\n${content}`).join("");
}

function hasUnfoldedFailure(events: readonly ThreadEvent[]): boolean {
  const last = events.findLast(
    (event) =>
      event.type === "tool_failed" ||
      event.type === "step_refused" ||
      (event.type === "context_compacted" &&
        (event.data.method === "fold_errors" || event.data.method === "reset_errors")),
  );
  return last !== undefined && last.type !== "context_compacted";
}

// Chat messages and functions are budgeted by the default format's blocks, which they consist of.
function textFormatOf(format: NonNullable<ContextOptions["format"]>): TextFormat {
  if (typeof format === "object") return format;
  return typeof format === "function" || format === "messages" ? TEXT_FORMATS.xml : TEXT_FORMATS[format];
}
