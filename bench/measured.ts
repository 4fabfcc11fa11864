/** Something measured beside the same work written by hand. */
export interface Compared {
  readonly what: string;
  /** Ours and the hand-written one's, in `unit`; `null`: there is nothing to compare with. */
  readonly ours: number;
  readonly hand: number | null;
  /** The median of the ratios of the rounds, where there were rounds; else `ours / hand`. */
  readonly ratio?: number;
  readonly unit: string;
  /** What `ours / hand` (or `ours`, where there is no `hand`) should be. Absent: it is measured to be known. */
  readonly budget?: { readonly atMost: number } | { readonly atLeast: number };
}

/** What the budget is about. */
export function budgeted({ ours, hand, ratio }: Compared): number {
  return hand === null ? ours : (ratio ?? ours / hand);
}

/** `undefined`: there is no budget. */
export function isMet(row: Compared): boolean | undefined {
  const { budget } = row;
  if (budget === undefined) return undefined;
  return "atMost" in budget ? budgeted(row) <= budget.atMost : budgeted(row) >= budget.atLeast;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

export interface SideBySide {
  readonly ours: number;
  readonly hand: number;
  /** Of ours to the other of the same round: what disturbed the machine disturbed both. */
  readonly ratio: number;
}

/** Compiled code is only fast once it has run for a while; a process that matters has. */
const WARM_UP_MS = 1500;

/**
 * Runs both, turn by turn with the first place alternating, so that both meet the same machine; gives medians, in
 * milliseconds. A function that measures itself returns its milliseconds. Rounds of the first second and a half do not count.
 */
export async function sideBySide(
  rounds: number,
  ours: (round: number) => Promise<unknown>,
  hand: (round: number) => Promise<unknown>,
  tick: () => void = () => {},
): Promise<SideBySide> {
  const taken: { ours: number; hand: number }[] = [];
  const work = { ours, hand };
  const warmUntil = performance.now() + WARM_UP_MS;
  for (let round = 0; taken.length < rounds; round++) {
    const counts = performance.now() > warmUntil;
    const times = { ours: 0, hand: 0 };
    for (const which of round % 2 === 0 ? (["ours", "hand"] as const) : (["hand", "ours"] as const)) {
      const start = performance.now();
      const itself = await work[which](round);
      times[which] = typeof itself === "number" ? itself : performance.now() - start;
    }
    if (counts) taken.push(times);
    tick();
  }
  return {
    ours: median(taken.map((times) => times.ours)),
    hand: median(taken.map((times) => times.hand)),
    ratio: median(taken.map((times) => times.ours / times.hand)),
  };
}
