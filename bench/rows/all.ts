import type { BenchRow } from "./bench-row.ts";
import { engineAlone } from "./engine-alone.ts";
import { manyThreads } from "./many-threads.ts";
import { overHttp } from "./over-http.ts";

/** In the order of the table. */
export const ROWS: readonly { readonly name: string; readonly run: BenchRow }[] = [
  { name: "engine", run: engineAlone },
  { name: "http", run: overHttp },
  { name: "many", run: manyThreads },
];
