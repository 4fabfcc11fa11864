import { UsageError } from "../../base/errors.ts";
import { atOnce } from "../../base/hooks.ts";
import { checkNames, type NamesOf } from "../../base/options.ts";
import type { NewEvent } from "../../thread/events.ts";
import type { ContextBlock } from "../blocks/block.ts";
import { loadTokenCounter, type TokenCounter } from "./tokens.ts";

/**
 * How a thread is made shorter. `fold_errors`: resolved failures become one line. `cut_result`: large results keep only
 * their beginning and end. `drop_superseded`: lookups that were repeated later are dropped. `summarize`: an old range
 * becomes a summary. `forget`: an old range becomes a note of what is left out.
 */
export type BudgetPolicy = "fold_errors" | "cut_result" | "drop_superseded" | "summarize" | "forget";

const POLICIES: { readonly [P in BudgetPolicy]: true } = {
  fold_errors: true,
  cut_result: true,
  drop_superseded: true,
  summarize: true,
  forget: true,
};
export const BUDGET_POLICIES: readonly string[] = Object.keys(POLICIES);

/** How many tokens the rendered thread may have, and what to do, in which order, if it has more. */
export interface TokenBudget {
  /**
   * Tokens that the rendered thread may have at each model call; at least 1000. Leave room for the prompt around it and
   * for the answer.
   */
  readonly tokens: number;
  /**
   * If the thread is over its budget, compaction continues until it is down to this share of the budget. Default 0.7.
   */
  readonly target?: number;
  /** How many of the latest blocks stay untouched as long as compacting the others is enough. Default 6. */
  readonly keepRecent?: number;
  /** What to try, in this order. Default: `fold_errors`, `cut_result`, `drop_superseded`, `summarize`. */
  readonly policies?: readonly BudgetPolicy[];
  /** How many tokens make a result, message or event large. Default: a tenth of the budget. */
  readonly largeResult?: number;
  /** Intents that only read: a later call with the same arguments supersedes an earlier one. Default: none. */
  readonly lookups?: readonly string[];
  /**
   * Returns the text that tells the model where to find the whole of a cut text: `seq` is the number of its event. Called for each
   * text that is cut. Must be pure and must not throw. Default: `the whole is event <seq>`.
   */
  readonly pointer?: (seq: number) => string;
  /** Counts the tokens of a text. Default: the counter of `loadTokenCounter()`. */
  readonly countTokens?: TokenCounter;
}

export type ContextPlan =
  /** The thread fits. `tokens` is `null` if its size in bytes was proof enough and nothing was counted. */
  | { readonly kind: "ready"; readonly tokens: number | null }
  /** Append these events and plan again. */
  | { readonly kind: "compact"; readonly events: readonly NewEvent[] }
  /** Summarise these blocks, append `plan.event(summary)` and plan again. */
  | SummaryPlan;

export interface SummaryPlan {
  readonly kind: "summarize";
  readonly from: number;
  readonly to: number;
  readonly blocks: readonly ContextBlock[];
  readonly maxTokens: number;
  /** Makes the event that puts a summary in place of the blocks. A summary longer than `maxTokens` is cut. */
  readonly event: (summary: string) => NewEvent;
}

/** The smallest budget. */
export const MIN_TOKENS = 1000;
const DEFAULT_POLICIES: readonly BudgetPolicy[] = [
  "fold_errors",
  "cut_result",
  "drop_superseded",
  "summarize",
];

/** A budget with its defaults. */
export type FullBudget = Required<TokenBudget>;

const NAMES: NamesOf<TokenBudget> = {
  tokens: true,
  target: true,
  keepRecent: true,
  policies: true,
  largeResult: true,
  lookups: true,
  pointer: true,
  countTokens: true,
};

/** Throws `UsageError` (`invalid_configuration`) for a budget that cannot be kept, and for an option that there is not. */
export function checkBudget(budget: TokenBudget): void {
  checkNames("a token budget", NAMES, budget);
  const { tokens } = budget;
  if (tokens >= MIN_TOKENS) return;
  const message = `a token budget must be at least ${MIN_TOKENS} tokens, not ${tokens}`;
  throw new UsageError("invalid_configuration", message, { details: { tokens } });
}

/** The counter of a budget that may have one. */
export async function counterOf(budget: Pick<TokenBudget, "countTokens"> | undefined): Promise<TokenCounter> {
  const count = budget?.countTokens;
  return count === undefined ? loadTokenCounter() : (text) => atOnce("`countTokens`", count(text));
}

/** Throws as `checkBudget` does. Loads the tokenizer if the budget has no counter of its own. */
export async function completeBudget(budget: TokenBudget): Promise<FullBudget> {
  checkBudget(budget);
  return {
    target: 0.7,
    keepRecent: 6,
    policies: DEFAULT_POLICIES,
    largeResult: Math.floor(budget.tokens / 10),
    lookups: [],
    ...budget,
    pointer: (seq) => atOnce("`pointer`", budget.pointer?.(seq)) ?? `the whole is event ${seq}`,
    countTokens: await counterOf(budget),
  };
}
