import type { CompletionRecord } from "../base/completion.ts";
import type { BudgetName, ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/** What a model's tokens cost, per million, in the currency of your price table. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  /** The price of input tokens that the provider had cached. Default: the same as `input`. */
  readonly cachedInput?: number;
}

/** Prices by the name of the client that answered, e.g. `openai/gpt-5-mini`; `*` applies to all others. */
export type PriceTable = { readonly "*": TokenPrice; readonly [client: string]: TokenPrice };

/** Limits of one thread. When one is crossed, a person is asked whether to grant the same amount again. */
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

/** The first budget that is used up. Pure: the current time is taken to be that of the latest event. */
export function reachedBudget(
  thread: Thread,
  budget: Budget & { readonly steps: number },
): ReachedBudget | undefined {
  const { state } = thread;
  const { steps, tokens, money, time } = budget;
  if (state.stepsSinceExtension >= steps)
    return { budget: "steps", limit: steps, used: state.stepsSinceExtension };
  const checkOne = (name: BudgetName, limit: number | undefined, used: () => number) => {
    if (limit === undefined) return undefined;
    const extended = limit * (1 + state.extensions[name]);
    const spent = used();
    return spent >= extended ? { budget: name, limit: extended, used: spent } : undefined;
  };
  return (
    checkOne("tokens", tokens, () => state.usage.inputTokens + state.usage.outputTokens) ??
    checkOne("money", money?.limit, () => costOf(thread, money?.prices)) ??
    checkOne("time", time, () => state.runningMs / 1000)
  );
}

/**
 * What the model calls of a thread have cost, in the currency of `prices`. Calls for which the provider reported no token
 * counts cost nothing here.
 */
export function costOf({ events }: Pick<Thread, "events">, prices: PriceTable | undefined): number {
  if (prices === undefined) return 0;
  let cost = 0;
  for (const completion of events.flatMap(completionsOf)) {
    if (completion.usage === null) continue;
    const price = Object.hasOwn(prices, completion.client) ? prices[completion.client] : prices["*"];
    const { input, output, cachedInput = input } = price ?? prices["*"];
    const { inputTokens, outputTokens, cachedInputTokens } = completion.usage;
    cost +=
      (inputTokens - cachedInputTokens) * input + cachedInputTokens * cachedInput + outputTokens * output;
  }
  return cost / 1_000_000;
}

function completionsOf({ data }: ThreadEvent): readonly CompletionRecord[] {
  const own = "completion" in data && data.completion !== undefined ? [data.completion] : [];
  return "completions" in data && data.completions !== undefined ? [...own, ...data.completions] : own;
}
