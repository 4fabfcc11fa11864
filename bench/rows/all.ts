import type { BenchRow } from "./bench-row.ts";
import { changes } from "./changes.ts";
import { context } from "./context.ts";
import { delegation } from "./delegation.ts";
import { engineAlone } from "./engine-alone.ts";
import { httpApi } from "./http-api.ts";
import { manyThreads } from "./many-threads.ts";
import { million } from "./million.ts";
import { overHttp } from "./over-http.ts";
import { pages } from "./pages.ts";
import { postgres } from "./postgres.ts";
import { prompts } from "./prompts.ts";
import { processStart } from "./start.ts";
import { storedBytes } from "./stored-bytes.ts";
import { workbench } from "./workbench.ts";

/** In the order of the table. */
export const ROWS: readonly { readonly name: string; readonly run: BenchRow }[] = [
  { name: "engine", run: engineAlone },
  { name: "delegation", run: delegation },
  { name: "context", run: context },
  { name: "prompts", run: prompts },
  { name: "http", run: overHttp },
  { name: "bytes", run: storedBytes },
  { name: "start", run: processStart },
  { name: "many", run: manyThreads },
  { name: "changes", run: changes },
  { name: "server", run: httpApi },
  { name: "pages", run: pages },
  { name: "workbench", run: workbench },
  { name: "postgres", run: postgres },
  { name: "million", run: million },
];
