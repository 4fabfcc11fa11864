import type { Compared } from "../measured.ts";

export interface BenchContext {
  /** A folder of its own that is removed afterwards. */
  readonly folder: string;
  /** The programs of `start/` with the package as it is installed, and each bundled into one file. */
  readonly starts: { readonly installed: string; readonly bundled: string };
  readonly modelUrl: string;
  readonly quick: boolean;
  /** Whether to measure among a million threads, which takes minutes. */
  readonly million: boolean;
  /** Called now and then, for the progress bar. */
  readonly tick: (doing: string) => void;
}

/** One row, or a few that belong together, of the table. */
export type BenchRow = (context: BenchContext) => Promise<readonly Compared[]>;
