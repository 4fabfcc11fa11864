import type { Agent } from "../../agent/agent.ts";
import { costOf } from "../../agent/budget.ts";
import type { CallId } from "../../base/ids.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { inWords, visible } from "../../present/visible-text.ts";
import type { BudgetName, ErrorInfo, Step, ThreadEvent } from "../../thread/events.ts";
import type { Thread } from "../../thread/thread.ts";

/** Something that went wrong, or went the same way again, before a person was asked. */
export interface Attempt {
  readonly at: string;
  /** What was tried, in words. */
  readonly what: string;
  readonly arguments: JsonObject;
  /** What came of it. */
  readonly outcome:
    | { readonly kind: "error"; readonly error: ErrorInfo }
    | { readonly kind: "refused"; readonly message: string }
    | { readonly kind: "result"; readonly result: Json };
}

/** What one kind of step took of a budget. */
export interface Expense {
  readonly what: string;
  readonly times: number;
  readonly tokens: number;
  /** Of the model and the tool together. */
  readonly ms: number;
  /** In the currency of the agent's prices; `null` if it has none. */
  readonly cost: number | null;
}

/** What a person needs to see to decide how a stuck thread, or one without budget, goes on. */
export type Evidence =
  | { readonly kind: "attempts"; readonly count: number; readonly latest: readonly Attempt[] }
  | {
      readonly kind: "expenses";
      readonly budget: BudgetName;
      readonly limit: number;
      readonly used: number;
      readonly expenses: readonly Expense[];
    };

const MAX_ATTEMPTS = 6;

/** The evidence for the pending request; `null` if it speaks for itself. Pure. */
export function evidenceOf(thread: Thread, agent: Agent | undefined): Evidence | null {
  const { request } = thread.state;
  if (request?.type !== "question") return null;
  if (request.kind === "escalation") return attemptsOf(thread);
  return request.kind === "budget" ? expensesOf(thread, agent) : null;
}

function attemptsOf({ events }: Thread): Evidence | null {
  const steps = stepsOf(events);
  const attempts = sincePeople(events).flatMap((event) => attemptFrom(event, steps));
  const failed = attempts.filter(({ outcome }) => outcome.kind !== "result");
  // A step that is repeated need not fail.
  const shown = failed.length > 0 ? failed : attempts;
  return shown.length === 0
    ? null
    : { kind: "attempts", count: shown.length, latest: shown.slice(-MAX_ATTEMPTS) };
}

function attemptFrom(event: ThreadEvent, steps: ReadonlyMap<CallId, Step>): readonly Attempt[] {
  const callId = "callId" in event.data ? event.data.callId : undefined;
  const { intent, ...fields } = (callId === undefined ? undefined : steps.get(callId)) ?? {
    intent: "an answer of the model",
  };
  const tried = { at: event.at, what: inWords(intent), arguments: fields };
  switch (event.type) {
    case "tool_failed":
    case "child_failed":
      return [{ ...tried, outcome: { kind: "error", error: event.data.error } }];
    case "step_refused":
      return [{ ...tried, outcome: { kind: "refused", message: visible(event.data.message) } }];
    case "tool_finished":
    case "child_finished":
      return [{ ...tried, outcome: { kind: "result", result: event.data.result } }];
    default:
      return [];
  }
}

function stepsOf(events: readonly ThreadEvent[]): ReadonlyMap<CallId, Step> {
  return new Map(
    events.flatMap((event) => (event.type === "step_proposed" ? [[event.data.callId, event.data.step]] : [])),
  );
}

/** The events since a person last wrote or decided. */
function sincePeople(events: readonly ThreadEvent[]): readonly ThreadEvent[] {
  const last = events.findLastIndex(({ type }) => type === "message_received" || type === "human_responded");
  return events.slice(last + 1);
}

function expensesOf({ events }: Thread, agent: Agent | undefined): Evidence | null {
  const reached = events.findLast((event) => event.type === "budget_reached");
  if (reached === undefined) return null;
  const { budget, limit, used } = reached.data;
  const steps = stepsOf(events);
  const prices = agent?.budget.money?.prices;
  const expenses = new Map<string, Expense>();
  const begun = new Map<CallId, string>();
  // Steps are counted since a person last wrote or extended; everything else from the beginning.
  for (const event of budget === "steps" ? sincePeople(events) : events) {
    const callId = "callId" in event.data ? event.data.callId : undefined;
    const step = callId === undefined ? undefined : steps.get(callId);
    const what = step === undefined ? (OTHERS[event.type] ?? null) : inWords(step.intent);
    if (what === null) continue;
    const before = expenses.get(what) ?? { what, times: 0, tokens: 0, ms: 0, cost: null };
    const spent = spentOn(event);
    if (event.type === "tool_started") begun.set(event.data.callId, event.at);
    const started = callId === undefined ? undefined : begun.get(callId);
    const ran =
      started !== undefined && SETTLED.has(event.type) ? Date.parse(event.at) - Date.parse(started) : 0;
    expenses.set(what, {
      what,
      times: before.times + (event.type === "step_proposed" || step === undefined ? 1 : 0),
      tokens: before.tokens + spent.tokens,
      ms: before.ms + spent.ms + ran,
      cost: prices === undefined ? null : (before.cost ?? 0) + costOf({ events: [event] }, prices),
    });
  }
  const sorted = [...expenses.values()].sort(BY[budget]);
  return { kind: "expenses", budget, limit, used, expenses: sorted };
}

const SETTLED: ReadonlySet<ThreadEvent["type"]> = new Set(["tool_finished", "tool_failed", "tool_unknown"]);

/** Events that cost something without being part of a step. */
const OTHERS: { readonly [T in ThreadEvent["type"]]?: string } = {
  step_refused: "Answers that were not accepted",
  context_compacted: "Summaries of the thread",
  prefetched: "Fetched in advance",
};

const BY: { readonly [B in BudgetName]: (one: Expense, other: Expense) => number } = {
  steps: (one, other) => other.times - one.times,
  tokens: (one, other) => other.tokens - one.tokens,
  money: (one, other) => (other.cost ?? 0) - (one.cost ?? 0),
  time: (one, other) => other.ms - one.ms,
};

/** What an event says that models took. */
function spentOn({ data }: ThreadEvent): { readonly tokens: number; readonly ms: number } {
  const own = "completion" in data && data.completion !== undefined ? [data.completion] : [];
  const helpers = "completions" in data && data.completions !== undefined ? data.completions : [];
  let tokens = 0;
  let ms = 0;
  for (const { usage, durationMs } of own) {
    tokens += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
    ms += durationMs;
  }
  // Helpers are called while their tool runs: their time is in the tool's.
  for (const { usage } of helpers) tokens += (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  return { tokens, ms };
}
