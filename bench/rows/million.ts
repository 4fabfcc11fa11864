import { benchManyThreads } from "../store-many.ts";
import type { BenchRow } from "./bench-row.ts";

const THREADS = 1_000_000;

/** Lists and due threads among a million that are paused; nothing to compare with. Takes minutes: only on demand. */
export const million: BenchRow = async ({ folder, quick, tick }) => {
  tick("a million paused threads");
  const measured = await benchManyThreads(folder, quick ? THREADS / 10 : THREADS);
  return measured.map(({ what, value, unit }) => ({
    what,
    ours: value,
    hand: null,
    unit,
    budget: { atMost: unit === "ms" ? 20 : 64 },
  }));
};
