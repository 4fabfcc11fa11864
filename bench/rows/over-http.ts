import { join } from "node:path";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { httpAgent, runThread } from "../engine.ts";
import { handClient, handLoop, handStore } from "../hand-loop.ts";
import { messageFor } from "../instant-model.ts";
import { type Compared, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

/** A whole durable step over HTTP, with guard and gate, in one thread. */
export const overHttp: BenchRow = async ({ folder, modelUrl, quick, tick }) => {
  const store = await openSqliteStore(join(folder, "http.db"));
  const runtime = createRuntime({ agents: [httpAgent], store, model: localModel("instant", modelUrl) });
  const hand = handStore(join(folder, "http-hand.db"));
  const registry = handClient(modelUrl);
  const rows: Compared[] = [];
  for (const [steps, rounds] of quick
    ? ([
        [10, 7],
        [100, 3],
      ] as const)
    : ([
        [10, 31],
        [100, 11],
        [300, 7],
      ] as const)) {
    const times = await sideBySide(
      rounds,
      (round) => runThread(runtime, httpAgent.name, messageFor(`ours-${steps}-${round}`, steps)),
      (round) => {
        const run = `hand-${steps}-${round}`;
        return handLoop(hand, run, registry, messageFor(run, steps));
      },
      () => tick(`a step over HTTP, ${steps} steps`),
    );
    rows.push({
      what: `a durable step over HTTP, of ${steps}`,
      ours: times.ours / steps,
      hand: times.hand / steps,
      ratio: times.ratio,
      unit: "ms",
      budget: { atMost: 1.4 },
    });
  }
  await runtime.stop();
  await store.close();
  hand.close();
  return rows;
};
