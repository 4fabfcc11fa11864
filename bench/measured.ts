/** One line of a benchmark's table. */
export interface Measured {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be, as text. */
  readonly budget?: string;
}

/** Something measured beside the same work written by hand. */
export interface Compared {
  readonly what: string;
  /** Ours and the hand-written one's, in `unit`; `null`: there is nothing to compare with. */
  readonly ours: number;
  readonly hand: number | null;
  readonly unit: string;
  /** What `ours / hand` (or `ours`, where there is no `hand`) should be. */
  readonly budget: { readonly atMost: number } | { readonly atLeast: number };
}

/** What the budget is about. */
export function budgeted({ ours, hand }: Compared): number {
  return hand === null ? ours : ours / hand;
}

export function isMet(row: Compared): boolean {
  return "atMost" in row.budget ? budgeted(row) <= row.budget.atMost : budgeted(row) >= row.budget.atLeast;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/**
 * Runs both, turn by turn with the first place alternating, so that both meet the same machine; gives the median of each
 * in milliseconds. One round before them does not count.
 */
export async function sideBySide(
  rounds: number,
  ours: (round: number) => Promise<void>,
  hand: (round: number) => Promise<void>,
  tick: () => void = () => {},
): Promise<{ readonly ours: number; readonly hand: number }> {
  const times = { ours: [] as number[], hand: [] as number[] };
  const work = { ours, hand };
  for (let round = 0; round <= rounds; round++) {
    for (const which of round % 2 === 0 ? (["ours", "hand"] as const) : (["hand", "ours"] as const)) {
      const start = performance.now();
      await work[which](round);
      if (round > 0) times[which].push(performance.now() - start);
    }
    tick();
  }
  return { ours: median(times.ours), hand: median(times.hand) };
}
