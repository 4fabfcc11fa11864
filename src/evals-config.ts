import { check, fields, numberFrom, optional, record, text } from "./base/checks.ts";
import { callback } from "./base/options.ts";
import type { Judges } from "./workbench/evals/judge.ts";
import type { EvalPrices } from "./workbench/evals/price-table.ts";

/** Settings of the commands that try prompts. */
export interface EvalsConfig {
  /** Judges by the names that datasets use. */
  readonly judges?: Judges;
  /** What tokens cost, with the day on which somebody looked it up. */
  readonly prices?: EvalPrices;
}

const price = numberFrom(0, 1_000_000);

const day = check((value) =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value)
    ? undefined
    : "must be a day such as 2026-11-25",
);

const PRICES = fields({
  asOf: day,
  currency: optional(text()),
  clients: record(fields({ input: price, output: price, cachedInput: optional(price) })),
});

/** Valid settings. */
export const EVALS = fields({ judges: optional(record(callback)), prices: optional(PRICES) });
