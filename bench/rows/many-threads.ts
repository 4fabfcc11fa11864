import { join } from "node:path";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { httpAgent, runThread } from "../engine.ts";
import { handClient, handLoop, handStore } from "../hand-loop.ts";
import { messageFor } from "../instant-model.ts";
import { sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

const THREADS = 64;
const STEPS = 10;

/** Many threads at once: group commit against one wait for the disk after another. */
export const manyThreads: BenchRow = async ({ folder, modelUrl, quick, tick }) => {
  const store = await openSqliteStore(join(folder, "many.db"));
  const model = localModel("instant", modelUrl);
  const runtime = createRuntime({ agents: [httpAgent], store, model, concurrency: THREADS });
  const hand = handStore(join(folder, "many-hand.db"));
  const registry = handClient(modelUrl);
  const all = (run: (name: string) => Promise<void>, prefix: string) =>
    Promise.all(Array.from({ length: THREADS }, (_, index) => run(`${prefix}-${index}`))).then(() => {});
  const times = await sideBySide(
    quick ? 3 : 9,
    (round) =>
      all((name) => runThread(runtime, httpAgent.name, messageFor(name, STEPS)), `many-ours-${round}`),
    (round) => all((name) => handLoop(hand, name, registry, messageFor(name, STEPS)), `many-hand-${round}`),
    () => tick(`${THREADS} threads at once`),
  );
  await runtime.stop();
  await store.close();
  hand.close();
  const rate = (ms: number) => (THREADS * STEPS * 1000) / ms;
  return [
    {
      what: `${THREADS} threads of ${STEPS} steps at once`,
      ours: rate(times.ours),
      hand: rate(times.hand),
      ratio: 1 / times.ratio,
      unit: "steps/s",
      budget: { atLeast: 1.0 },
    },
  ];
};
