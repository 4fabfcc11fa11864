import { costOfUsage } from "../../agent/budget.ts";
import type { EvalPrices } from "./price-table.ts";
import type { Sample } from "./results.ts";

export interface Money {
  /** What all the answers cost. */
  readonly amount: number;
  /** What was paid in this run: kept answers cost nothing. */
  readonly spent: number;
  readonly currency: string;
  readonly asOf: string;
}

/** What the answers cost; `undefined` if the price of any of them, or its tokens, are not known. */
export function moneyFor(samples: readonly Sample[], prices: EvalPrices | undefined): Money | undefined {
  if (prices === undefined) return undefined;
  const answered = samples.filter(({ answered }) => answered !== "");
  let amount = 0;
  let spent = 0;
  for (const { client, usage, cached } of answered) {
    const one = Object.hasOwn(prices.clients, client) ? prices.clients[client] : undefined;
    if (one === undefined || usage === null) return undefined;
    const cost = costOfUsage(usage, one);
    amount += cost;
    if (!cached) spent += cost;
  }
  if (answered.length === 0) return undefined;
  return { amount, spent, currency: prices.currency ?? "USD", asOf: prices.asOf };
}
