import type { ThreadEvent } from "../../thread/events.ts";
import { readEvents } from "../blocks/context-blocks.ts";
import type { ContextView } from "../blocks/view.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormat } from "../formats/formats.ts";
import { compaction } from "./compaction.ts";
import { type ContextPlan, completeBudget, type FullBudget, type TokenBudget } from "./token-budget.ts";
import { tokenCeiling } from "./tokens.ts";

/**
 * Decides what to do to make the thread fit its budget. Pure except for loading the tokenizer: the same events give the
 * same plan. Planning again after each `compact` and `summarize` ends in `ready`, whatever the thread holds. Throws
 * `UsageError` for a budget that cannot be kept.
 */
export async function planContext(
  events: readonly ThreadEvent[],
  budget: TokenBudget,
  view: ContextView = {},
  format: TextFormat = TEXT_FORMATS.xml,
): Promise<ContextPlan> {
  return planWithin(events, await completeBudget(budget), view, format);
}

/** `planContext` with limits of any size. Pure. */
export function planWithin(
  events: readonly ThreadEvent[],
  limits: FullBudget,
  view: ContextView,
  format: TextFormat,
): ContextPlan {
  const { events: seen, shown } = readEvents(events, view);
  const text = renderBlocks(
    shown.flatMap(({ blocks }) => blocks),
    format,
  );
  if (tokenCeiling(text) <= limits.tokens) return { kind: "ready", tokens: null };
  const tokens = shown.map(({ blocks }) =>
    limits.countTokens(renderBlocks(blocks, format) + format.separator),
  );
  const total = tokens.reduce((sum, count) => sum + count, 0);
  if (total <= limits.tokens) return { kind: "ready", tokens: total };
  return compaction({
    events: seen,
    shown,
    tokens,
    excess: total - limits.tokens * limits.target,
    limits,
    format,
  });
}
