import { UsageError } from "../../base/errors.ts";
import type { NewEvent } from "../../thread/events.ts";
import type { ContextBlock } from "../blocks/block.ts";
import { loadTokenCounter, type TokenCounter } from "./tokens.ts";

/**
 * `fold_errors`: failed attempts that were resolved become one line. `cut_result`: large results keep head and tail.
 * `drop_superseded`: lookups made again later go. `summarize`: an old range becomes a summary. `forget`: an old range
 * becomes a note of what is left out.
 */
export type BudgetPolicy = "fold_errors" | "cut_result" | "drop_superseded" | "summarize" | "forget";

/** How many tokens the rendered thread may have, and what to do, in order, if it has more. */
export interface TokenBudget {
  /**
   * Tokens that the rendered thread may have at each model call; at least 1000. Leave room for the prompt around it and
   * for the answer.
   */
  readonly tokens: number;
  /** Compaction goes on until the thread is down to this share of the budget. Default 0.7. */
  readonly target?: number;
  /** How many of the latest blocks are left alone as long as compacting the rest suffices. Default 6. */
  readonly keepRecent?: number;
  /** Default: `fold_errors`, `cut_result`, `drop_superseded`, `summarize`, in this order. */
  readonly policies?: readonly BudgetPolicy[];
  /** A result, message or event of more tokens counts as large. Default: a tenth of the budget. */
  readonly largeResult?: number;
  /** Intents that only read, so that a later call with the same arguments supersedes an earlier one. */
  readonly lookups?: readonly string[];
  /** Returns what the model is told about where to find the whole of a cut text. Default: `the whole is event <seq>`. */
  readonly pointer?: (seq: number) => string;
  /** Default: `loadTokenCounter()`. */
  readonly countTokens?: TokenCounter;
}

export type ContextPlan =
  /** The thread fits. `tokens` is null where its size in bytes already said so and nothing was counted. */
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
  /** The event that puts a summary in the place of the blocks, cut to `maxTokens` if it is longer. */
  readonly event: (summary: string) => NewEvent;
}

/** No budget is smaller. */
export const MIN_TOKENS = 1000;
const DEFAULT_POLICIES: readonly BudgetPolicy[] = [
  "fold_errors",
  "cut_result",
  "drop_superseded",
  "summarize",
];

/** A budget with its defaults. */
export type FullBudget = Required<TokenBudget>;

/** Throws `UsageError` for a budget that cannot be held. */
export function checkBudget({ tokens }: TokenBudget): void {
  if (tokens >= MIN_TOKENS) return;
  const message = `a token budget is at least ${MIN_TOKENS} tokens, not ${tokens}`;
  throw new UsageError("invalid_configuration", message, { details: { tokens } });
}

/** Throws like `checkBudget`. Loads the tokenizer where the budget brings none. */
export async function completeBudget(budget: TokenBudget): Promise<FullBudget> {
  checkBudget(budget);
  return {
    target: 0.7,
    keepRecent: 6,
    policies: DEFAULT_POLICIES,
    largeResult: Math.floor(budget.tokens / 10),
    lookups: [],
    pointer: (seq) => `the whole is event ${seq}`,
    ...budget,
    countTokens: budget.countTokens ?? (await loadTokenCounter()),
  };
}
