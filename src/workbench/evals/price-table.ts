import type { TokenPrice } from "../../agent/budget.ts";

/** What tokens cost, as somebody has looked it up on a day. No prices are built in: they change, and a wrong one is worse. */
export interface EvalPrices {
  /** The day, e.g. `2026-11-25`: it stands beside every figure. */
  readonly asOf: string;
  /** Default `USD`. */
  readonly currency?: string | undefined;
  /** By the name of the client, e.g. `openai/gpt-5-mini`; per million tokens. A client that is not here has no figure. */
  readonly clients: Readonly<Record<string, TokenPrice>>;
}
