import { join } from "node:path";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { instantAgent, runThread } from "../engine.ts";
import { handStore } from "../hand-loop.ts";
import { type Compared, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

/** A thread of durable steps with an instant model in the process, beside the same appends written by hand, two a step. */
export const engineAlone: BenchRow = async ({ folder, quick, tick }) => {
  const rows: Compared[] = [];
  for (const [steps, rounds] of quick
    ? ([
        [10, 15],
        [100, 5],
      ] as const)
    : ([
        [10, 101],
        [100, 31],
        [300, 15],
        [1000, 9],
      ] as const)) {
    const store = await openSqliteStore(join(folder, `engine-${steps}.db`));
    const agent = instantAgent(steps);
    const runtime = createRuntime({ agents: [agent], store });
    const hand = handStore(join(folder, `engine-hand-${steps}.db`));
    const times = await sideBySide(
      rounds,
      () => runThread(runtime, agent.name, "add"),
      async (round) => {
        const thread = `${round}`;
        hand.append(thread, 1, { type: "user_message", data: "add" });
        for (let step = 1; step <= steps; step++) {
          hand.append(thread, 2 * step, { type: "add", data: { intent: "add", a: step, b: step / 2 } });
          hand.append(thread, 2 * step + 1, { type: "add_result", data: step * 1.5 });
        }
        hand.append(thread, 2 * steps + 2, { type: "done", data: { intent: "done", message: "added" } });
      },
      () => tick(`the engine alone, ${steps} steps`),
    );
    await runtime.stop();
    await store.close();
    hand.close();
    rows.push({
      what: `the engine alone, a durable step of ${steps}`,
      ours: (times.ours * 1000) / steps,
      hand: (times.hand * 1000) / steps,
      ratio: times.ratio,
      unit: "us",
      budget: { atMost: 1.15 },
    });
  }
  return rows;
};
