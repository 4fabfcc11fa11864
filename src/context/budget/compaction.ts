import type { NewEvent, ThreadEvent } from "../../thread/events.ts";
import type { CompactedRange, EventBlocks } from "../blocks/context-blocks.ts";
import { renderBlocks, type TextFormat } from "../formats/formats.ts";
import { fitBody } from "./fit.ts";
import { foldResolvedErrors } from "./fold-errors.ts";
import { type EntryRange, oldestRange, openingLength } from "./summary-range.ts";
import { dropSuperseded } from "./superseded.ts";
import type { BudgetPolicy, ContextPlan, FullBudget, SummaryPlan } from "./token-budget.ts";

/** A thread that is over its budget. */
export interface Situation {
  readonly events: readonly ThreadEvent[];
  readonly shown: readonly EventBlocks[];
  /** The tokens of each shown entry. */
  readonly tokens: readonly number[];
  /** Tokens above the target. */
  readonly excess: number;
  readonly limits: FullBudget;
  readonly format: TextFormat;
}

/** What to do next to make the thread fit: the first policy that helps. */
export function compaction(situation: Situation): ContextPlan {
  const { limits, shown } = situation;
  const old = Math.max(0, shown.length - limits.keepRecent);
  let saved = 0;
  const compactions: Compaction[] = [];
  for (const policy of limits.policies) {
    if (policy === "summarize" || policy === "forget") {
      const plan = compactions.length === 0 ? giveWay(policy, situation, limits.keepRecent) : undefined;
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
 * Only recent entries, and entries that may not be summarised, are left. The budget is kept anyway: no block may take
 * more than a quarter of it, and the entries between the first and the last give way.
 */
function lastResort(situation: Situation): ContextPlan {
  const { limits, shown, tokens } = situation;
  const cuts = cutLarge(situation, shown.length, Math.floor(limits.tokens / 4), true);
  if (cuts.length > 0) return compact(cuts);
  const policy = limits.policies.includes("summarize") ? "summarize" : "forget";
  const range = { start: openingLength(situation.events, shown), end: shown.length - 1 };
  const used = sum(tokens.slice(range.start, range.end));
  // Replacing a note with a note would go on for ever.
  const helps = used > limits.countTokens(noteText(situation, range));
  return (
    giveWay(policy, situation, 1) ??
    (helps ? forgetOldest(situation, range) : { kind: "ready", tokens: sum(tokens) })
  );
}

function noteText({ shown, format }: Situation, { start, end }: EntryRange): string {
  const note = forgottenNote({ from: shown[start]?.seq ?? 0, to: shown[end - 1]?.to ?? 0 });
  return format.renderBlock({ tag: "summary", body: note, untrusted: "x".repeat(80) }) + format.separator;
}

/** The text in place of events that nobody summarised. */
export function forgottenNote({ from, to }: Pick<SummaryPlan, "from" | "to">): string {
  return `[events ${from} to ${to} are left out]`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

interface Compaction {
  readonly event: NewEvent;
  /** How many tokens this saves, roughly. */
  readonly saves: number;
}

function compact(compactions: readonly Compaction[]): ContextPlan {
  return { kind: "compact", events: compactions.map(({ event }) => event) };
}

function cheapCompactions(
  policy: Exclude<BudgetPolicy, "summarize" | "forget">,
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

/** The ranges that lie among the first `old` entries. */
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
  "child_failed",
  "event_received",
  "message_received",
  "human_responded",
]);

/** Cuts the largest entry. With `any`, that may be any event, even one that was cut before. */
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
      const replacement = fitBody(block, room, format, {
        countTokens: limits.countTokens,
        whereTheWholeIs: limits.pointer(seq),
      });
      if (replacement === undefined) return [];
      const data = { from: seq, to, method: "cut_result", replacement } as const;
      return [{ event: { type: "context_compacted", data }, saves: size - room }];
    });
}

/** Lets an old range give way: summarises as much as a model can read at once, or forgets as little as needed. */
function giveWay(
  policy: "summarize" | "forget",
  situation: Situation,
  keep: number,
): ContextPlan | undefined {
  const { events, shown, tokens, limits, excess } = situation;
  const size = policy === "summarize" ? { most: limits.tokens } : { enough: excess };
  const range = oldestRange(events, shown, tokens, { keep, ...size });
  if (range === undefined) return undefined;
  return policy === "summarize" ? summaryPlan(situation, range) : forgetOldest(situation, range);
}

function forgetOldest(situation: Situation, range: EntryRange): ContextPlan {
  const plan = summaryPlan(situation, range);
  return { kind: "compact", events: [plan.event(forgottenNote(plan))] };
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
      const fitted = fitBody(block, maxTokens, format, {
        countTokens: limits.countTokens,
        whereTheWholeIs: limits.pointer(from),
      });
      const data = { from, to, method: "summarize", replacement: fitted ?? summary } as const;
      return { type: "context_compacted", data };
    },
  };
}
