import type { Usage } from "../../base/completion.ts";
import type { Money } from "../evals/prices.ts";
import type { Compared, Latency } from "../evals/results.ts";
import type { Rate } from "../statistics/interval.ts";

/** How each figure of a run is written, the same in every report. */

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits).replace(/\.0$/, "")} %`;
}

/** `93.5 % (84.6 to 97.5)`: with the 95 % interval. */
export function rateInWords({ rate, low, high, samples }: Rate): string {
  return samples === 0
    ? "–"
    : `${percent(rate)} (${percent(low).replace(" %", "")} to ${percent(high).replace(" %", "")})`;
}

export function tokensInWords({ inputTokens, outputTokens }: Usage): string {
  return `${short(inputTokens)} in, ${short(outputTokens)} out`;
}

function short(count: number): string {
  if (count < 10_000) return count.toLocaleString("en-US");
  return count < 1_000_000 ? `${(count / 1000).toFixed(0)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

export function milliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function latencyInWords(latency: Latency | undefined): string {
  return latency === undefined ? "–" : `${milliseconds(latency.median)} (95 %: ${milliseconds(latency.p95)})`;
}

/** `USD 0.0123 (0 paid now), prices of 2026-11-25`; an unknown price has no figure. */
export function moneyInWords(money: Money | undefined): string {
  if (money === undefined) return "–";
  const { amount, spent, currency, asOf } = money;
  const figure = (value: number) =>
    value === 0
      ? "0"
      : value
          .toPrecision(3)
          .replace(/(\.\d*?)0+$/, "$1")
          .replace(/\.$/, "");
  const paid = spent === amount ? "" : `, ${figure(spent)} of it now`;
  return `${currency} ${figure(amount)}${paid} (prices of ${asOf})`;
}

/** What a comparison says, as a sentence. */
export function comparisonInWords(compared: Compared): string {
  const { label, verdict, difference, drop, rise, pairs, worse, better } = compared;
  if (pairs === 0) return `${label}: no case can be compared`;
  const { mean, low, high } = difference;
  const points = `${showSigned(mean)} points (${showSigned(low)} to ${showSigned(high)})`;
  const counts = `${better} better, ${worse} worse of ${pairs}`;
  const p = Math.min(drop, rise);
  const chance = p < 0.0001 ? "p < 0.0001" : `p = ${p.toPrecision(2)}`;
  const said = `${VERDICTS[verdict]}${worse + better === 0 ? "" : ` (${chance})`}`;
  return `${label}: ${points}, ${counts}; ${said}${scoreInWords(compared.score)}`;
}

function scoreInWords(score: Compared["score"]): string {
  if (score === undefined) return "";
  const { mean, low, high } = score;
  return `; scores ${showSigned(mean)} points (${showSigned(low)} to ${showSigned(high)})`;
}

const VERDICTS = {
  drop: "a drop",
  rise: "a rise",
  unclear: "no difference that could not be chance",
} as const;

function showSigned(share: number): string {
  const points = (100 * share).toFixed(1).replace(/^-0\.0$/, "0.0");
  return share > 0 && points !== "0.0" ? `+${points}` : points.replace("-", "−");
}
