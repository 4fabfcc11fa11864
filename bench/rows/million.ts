import { benchManyThreads } from "../store-many.ts";
import type { BenchRow } from "./bench-row.ts";

const THREADS = 1_000_000;

/** Lists and due threads among a million that are paused; nothing to compare with. Takes minutes: only on demand. */
export const million: BenchRow = ({ folder, quick, tick }) => {
  return benchManyThreads(folder, quick ? THREADS / 10 : THREADS, tick);
};
