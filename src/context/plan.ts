import { UsageError } from "../base/errors.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import type { ContextBlock } from "./block.ts";
import { type CompactedRange, createBlockReader, type EventBlocks, eventBlocks } from "./context-blocks.ts";
import { fitBody } from "./fit.ts";
import { foldResolvedErrors } from "./fold-errors.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormat } from "./formats.ts";
import { type EntryRange, openingLength, rangeToSummarize } from "./summary-range.ts";
import { dropSuperseded } from "./superseded.ts";
import { loadTokenCounter, type TokenCounter, tokenCeiling } from "./tokens.ts";
import type { ContextView } from "./view.ts";

export type BudgetPolicy = "fold_errors" | "cut_result" | "drop_superseded" | "summarize";

/** What the rendered thread may cost, and what is done, in order, when it would cost more. */
export interface TokenBudget {
  /**
   * Tokens that the rendered thread may have at each model call; at least 1000. Leave room for the prompt around it and
   * for the answer.
   */
  readonly tokens: number;
  /** Compaction goes on until the thread is down to this share of the budget. Default 0.7. */
  readonly target?: number;
  /** So many of the latest blocks are left alone as long as the rest suffices. Default 6. */
  readonly keepRecent?: number;
  /** Default: all, in this order: `fold_errors`, `cut_result`, `drop_superseded`, `summarize`. */
  readonly policies?: readonly BudgetPolicy[];
  /** A result, message or event of more tokens counts as large. Default: a tenth of the budget. */
  readonly largeResult?: number;
  /** Intents that only read, so that a later call with the same arguments supersedes an earlier one. */
  readonly lookups?: readonly string[];
  /** What the model is told about the whole of a cut text. Default: `the whole is event <seq>`. */
  readonly pointer?: (seq: number) => string;
  /** Default: `loadTokenCounter()`. */
  readonly countTokens?: TokenCounter;
}

export type ContextPlan =
  /** The thread fits. `tokens` is null where its size in bytes already said so and nothing was counted. */
  | { readonly kind: "ready"; readonly tokens: number | null }
  /** Append these events and plan again. */
  | { readonly kind: "compact"; readonly events: readonly NewEvent[] }
  /** Summarise these blocks, append `plan.event(summary)` and plan again; without a summariser `forgottenNote`. */
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

const MIN_TOKENS = 1000;
const ALL_POLICIES: readonly BudgetPolicy[] = ["fold_errors", "cut_result", "drop_superseded", "summarize"];

type Limits = Required<TokenBudget>;

/**
 * What to do so that the thread fits its budget. Pure except for loading the tokenizer: the same events give the same
 * plan. Planning again after each `compact` and `summarize` ends in `ready`, whatever the thread holds.
 * Throws `UsageError` for a budget that cannot be held.
 */
export async function planContext(
  events: readonly ThreadEvent[],
  budget: TokenBudget,
  view: ContextView = {},
  format: TextFormat = TEXT_FORMATS.xml,
): Promise<ContextPlan> {
  const limits = await limitsOf(budget);
  const read = createBlockReader(view);
  const seen: ThreadEvent[] = [];
  const shown = eventBlocks(events, view, (event) => {
    const result = read(event);
    seen.push(result.redacted);
    return result;
  });
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

/** Throws `UsageError` for a budget that cannot be held. */
export function checkBudget({ tokens }: TokenBudget): void {
  if (tokens >= MIN_TOKENS) return;
  const message = `a token budget is at least ${MIN_TOKENS} tokens, not ${tokens}`;
  throw new UsageError("invalid_configuration", message, { details: { tokens } });
}

async function limitsOf(budget: TokenBudget): Promise<Limits> {
  checkBudget(budget);
  return {
    target: 0.7,
    keepRecent: 6,
    policies: ALL_POLICIES,
    largeResult: Math.floor(budget.tokens / 10),
    lookups: [],
    pointer: (seq) => `the whole is event ${seq}`,
    ...budget,
    countTokens: budget.countTokens ?? (await loadTokenCounter()),
  };
}

interface Situation {
  readonly events: readonly ThreadEvent[];
  readonly shown: readonly EventBlocks[];
  /** Of each shown entry. */
  readonly tokens: readonly number[];
  /** Tokens above the target. */
  readonly excess: number;
  readonly limits: Limits;
  readonly format: TextFormat;
}

function compaction(situation: Situation): ContextPlan {
  const { limits, shown } = situation;
  const old = Math.max(0, shown.length - limits.keepRecent);
  let saved = 0;
  const compactions: Compaction[] = [];
  for (const policy of limits.policies) {
    if (policy === "summarize") {
      const plan = compactions.length === 0 ? summarize(situation, limits.keepRecent) : undefined;
      if (plan !== undefined) return plan;
    } else {
      for (const compaction of cheapCompactions(policy, situation, old)) {
        if (saved >= situation.excess) break;
        compactions.push(compaction);
        saved += compaction.saves;
      }
    }
  }
  return compactions.length > 0 ? compact(compactions) : lastResort(situation);
}

/**
 * What is left is recent, or may not be summarised. The budget is held all the same: no block may have more than a
 * quarter of it, and what stands between the first and the last gives way.
 */
function lastResort(situation: Situation): ContextPlan {
  const { limits, shown, tokens } = situation;
  const cuts = cutLarge(situation, shown.length, Math.floor(limits.tokens / 4), true);
  if (cuts.length > 0) return compact(cuts);
  const plan = limits.policies.includes("summarize") ? summarize(situation, 1) : undefined;
  if (plan !== undefined) return plan;
  const range = { start: openingLength(situation.events, shown), end: shown.length - 1 };
  if (range.end - range.start < 1)
    return { kind: "ready", tokens: tokens.reduce((sum, count) => sum + count, 0) };
  const { event, blocks } = summaryPlan(situation, range);
  return { kind: "compact", events: [event(forgottenNote(blocks))] };
}

/** What stands in the place of blocks that nobody summarised. */
export function forgottenNote(blocks: readonly ContextBlock[]): string {
  const counts = Map.groupBy(blocks, ({ tag }) => tag);
  const kinds = Array.from(counts, ([tag, group]) => `${group.length} ${tag}`)
    .slice(0, 12)
    .join(", ");
  return `[${blocks.length} earlier blocks are left out: ${kinds}]`;
}

interface Compaction {
  readonly event: NewEvent;
  /** Tokens, about. */
  readonly saves: number;
}

function compact(compactions: readonly Compaction[]): ContextPlan {
  return { kind: "compact", events: compactions.map(({ event }) => event) };
}

function cheapCompactions(
  policy: Exclude<BudgetPolicy, "summarize">,
  situation: Situation,
  old: number,
): Compaction[] {
  const { events, shown, limits } = situation;
  switch (policy) {
    case "fold_errors":
      return amongOld(situation, old, foldResolvedErrors(events, shown));
    case "cut_result":
      return cutLarge(situation, old, limits.largeResult, false);
    case "drop_superseded":
      return amongOld(situation, old, dropSuperseded(events, shown, limits.lookups));
    default:
      return policy satisfies never;
  }
}

/** Those whose range lies among the first `old` entries. */
function amongOld(
  { shown, tokens }: Situation,
  old: number,
  ranges: readonly CompactedRange[],
): Compaction[] {
  const end = shown[old]?.seq ?? Infinity;
  return ranges.flatMap((data) => {
    if (data.to >= end) return [];
    const saves = shown.reduce(
      (sum, { seq }, index) => (seq >= data.from && seq <= data.to ? sum + (tokens[index] ?? 0) : sum),
      0,
    );
    return [{ event: { type: "context_compacted", data }, saves }];
  });
}

const CUTTABLE: ReadonlySet<string | undefined> = new Set([
  "tool_finished",
  "child_finished",
  "event_received",
  "message_received",
  "human_responded",
]);

/** The largest first. `any`: whatever the event, also what was cut before. */
function cutLarge(situation: Situation, end: number, maxTokens: number, any: boolean): Compaction[] {
  const { events, shown, tokens, limits, format } = situation;
  return shown
    .slice(0, end)
    .map((entry, index) => ({ entry, size: tokens[index] ?? 0 }))
    .filter(
      ({ entry: { seq, compacted }, size }) =>
        size > maxTokens && (any || (!compacted && CUTTABLE.has(events[seq - 1]?.type))),
    )
    .sort((one, other) => other.size - one.size)
    .flatMap(({ entry: { seq, to, blocks }, size }): Compaction[] => {
      const [first] = blocks;
      if (first === undefined) return [];
      const block = blocks.length === 1 ? first : { ...first, body: renderBlocks(blocks, format) };
      const room = Math.floor(maxTokens * 0.9);
      const replacement = fitBody(block, room, format, limits.countTokens, limits.pointer(seq));
      if (replacement === undefined) return [];
      const data = { from: seq, to, method: "cut_result", replacement } as const;
      return [{ event: { type: "context_compacted", data }, saves: size - room }];
    });
}

function summarize(situation: Situation, keep: number): SummaryPlan | undefined {
  const { events, shown, tokens, limits } = situation;
  const range = rangeToSummarize(events, shown, tokens, keep, limits.tokens);
  return range === undefined ? undefined : summaryPlan(situation, range);
}

function summaryPlan({ shown, limits, format }: Situation, { start, end }: EntryRange): SummaryPlan {
  const entries = shown.slice(start, end);
  const from = entries[0]?.seq ?? 1;
  const to = entries.at(-1)?.to ?? from;
  const maxTokens = Math.floor(limits.tokens / 5);
  return {
    kind: "summarize",
    from,
    to,
    blocks: entries.flatMap(({ blocks }) => blocks),
    maxTokens,
    event(summary) {
      const block = { tag: "summary", body: summary, untrusted: "x".repeat(100) };
      const fitted = fitBody(block, maxTokens, format, limits.countTokens, limits.pointer(from));
      const data = { from, to, method: "summarize", replacement: fitted ?? summary } as const;
      return { type: "context_compacted", data };
    },
  };
}
