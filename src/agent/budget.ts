import type { CompletionRecord, Usage } from "../base/completion.ts";
import type {
  BudgetName,
  PriceTable,
  SharedBudget,
  Spent,
  ThreadEvent,
  TokenPrice,
} from "../thread/events.ts";
import type { ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

export type { PriceTable, TokenPrice };

/**
 * Limits of one thread and of those it delegates to, together. When one is crossed, a person is asked whether to grant the
 * same amount again.
 */
export interface Budget {
  /** Steps since the last message or extension. Default 20. */
  readonly steps?: number;
  /** Input and output tokens of all model calls. Default: no limit. */
  readonly tokens?: number;
  /** The cost of all model calls, by your prices. Default: no limit. */
  readonly money?: { readonly limit: number; readonly prices: PriceTable };
  /** Seconds of running time; waiting for people, events or other threads does not count. Default: no limit. */
  readonly time?: number;
}

export interface ReachedBudget {
  readonly budget: BudgetName;
  readonly limit: number;
  readonly used: number;
}

/**
 * The first budget that is used up: the thread's own, or one that it shares with a thread above it. Pure: the current time
 * is taken to be that of the latest event.
 */
export function reachedBudget(thread: Thread, limits: SharedBudget["limits"]): ReachedBudget | undefined {
  for (const budget of budgetsOf(thread, limits)) {
    const used = usedOf(thread, budget);
    for (const name of NAMES) {
      const limit = limitOf(budget, name, thread.state);
      if (limit !== undefined && used[name] >= limit) return { budget: name, limit, used: used[name] };
    }
  }
  return undefined;
}

/** The budgets that a child shares which begins now: what is left of them for it. */
export function budgetsForChild(thread: Thread, limits: SharedBudget["limits"]): readonly SharedBudget[] {
  return budgetsOf(thread, limits).map((budget) => {
    const used = usedOf(thread, budget);
    const sinceExtension = (name: Exclude<BudgetName, "steps">, limit = 0) =>
      used[name] - limit * thread.state.extensions[name];
    const { tokens, money, time } = budget.limits;
    return {
      limits: budget.limits,
      used: {
        steps: used.steps,
        tokens: sinceExtension("tokens", tokens),
        money: sinceExtension("money", money?.limit),
        time: sinceExtension("time", time),
      },
    };
  });
}

const NAMES = ["steps", "tokens", "money", "time"] as const satisfies readonly BudgetName[];
const NOTHING: SharedBudget["used"] = { steps: 0, tokens: 0, money: 0, time: 0 };

function budgetsOf({ state }: Thread, limits: SharedBudget["limits"]): readonly SharedBudget[] {
  return [{ limits, used: NOTHING }, ...(state.parent?.budgets ?? [])];
}

function limitOf(
  { limits }: SharedBudget,
  name: BudgetName,
  { extensions }: ThreadState,
): number | undefined {
  const limit = name === "money" ? limits.money?.limit : limits[name];
  // Steps are counted anew after an extension; of the others there is then more.
  return limit === undefined || name === "steps" ? limit : limit * (1 + extensions[name]);
}

function usedOf(thread: Thread, { limits, used }: SharedBudget): SharedBudget["used"] {
  const { stepsSinceExtension, usage, runningMs, extensions } = thread.state;
  return {
    steps: stepsSinceExtension + (extensions.steps > 0 ? 0 : used.steps),
    tokens: usage.inputTokens + usage.outputTokens + used.tokens,
    money: costOf(thread, limits.money?.prices) + used.money,
    time: runningMs / 1000 + used.time,
  };
}

/** What a thread has used, and those below it that have ended. */
export function spentBy({ events, state }: Thread): Spent {
  const models = new Map<string, Spent["models"][string]>();
  for (const { client, usage, calls } of modelCallsOf(events)) {
    const before = models.get(client);
    models.set(client, {
      calls: calls + (before?.calls ?? 0),
      inputTokens: usage.inputTokens + (before?.inputTokens ?? 0),
      outputTokens: usage.outputTokens + (before?.outputTokens ?? 0),
      cachedInputTokens: usage.cachedInputTokens + (before?.cachedInputTokens ?? 0),
    });
  }
  let { steps } = state;
  for (const { data } of events) if ("spent" in data) steps += data.spent?.steps ?? 0;
  return { steps, runningMs: state.runningMs, models: Object.fromEntries(models) };
}

/**
 * What the model calls of a thread, and of those below it that have ended, have cost, in the currency of `prices`. Calls for
 * which the provider reported no token counts cost nothing here.
 */
export function costOf({ events }: Pick<Thread, "events">, prices: PriceTable | undefined): number {
  if (prices === undefined) return 0;
  let cost = 0;
  for (const { client, usage } of modelCallsOf(events)) {
    const price = Object.hasOwn(prices, client) ? prices[client] : undefined;
    cost += costOfUsage(usage, price ?? prices["*"]);
  }
  return cost;
}

/** What these tokens cost: those that the provider had cached at their own price. */
export function costOfUsage(usage: Usage, { input, output, cachedInput = input }: TokenPrice): number {
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  const fresh = Math.max(0, inputTokens - cachedInputTokens);
  return (fresh * input + cachedInputTokens * cachedInput + outputTokens * output) / 1_000_000;
}

const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };

interface CallsOfModel {
  readonly client: string;
  readonly usage: Usage;
  readonly calls: number;
}

function modelCallsOf(events: Thread["events"]): readonly CallsOfModel[] {
  return events.flatMap((event): readonly CallsOfModel[] => {
    const { data } = event;
    if ("spent" in data && data.spent !== undefined) {
      const { models } = data.spent;
      return Object.entries(models).map(([client, { calls, ...usage }]) => ({ client, usage, calls }));
    }
    return completionsOf(event).map(({ client, usage }) => ({ client, usage: usage ?? NO_USAGE, calls: 1 }));
  });
}

/** The model calls that an event records: the agent's own, and those of code beside the loop. */
export function completionsOf({ data }: ThreadEvent): readonly CompletionRecord[] {
  const own = "completion" in data && data.completion !== undefined ? [data.completion] : [];
  return "completions" in data && data.completions !== undefined ? [...own, ...data.completions] : own;
}
