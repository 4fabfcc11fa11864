import { calculator } from "../src/agents/calculator/agent.ts";
import { OFFLINE_MODEL_NAME, startFaultyModel, startOfflineModel } from "../src/model/index.ts";
import { localModel } from "../src/prompts/models/select-model.ts";
import { evaluate } from "../src/workbench/evals/evaluate.ts";
import { readDatasets } from "../src/workbench/evals/read-dataset.ts";
import { evalPage } from "../src/workbench/reports/eval-page.ts";

/** The report of the calculator's evals: the built-in model, and the same one with faults. */
export async function evalReport(): Promise<string> {
  const plain = await startOfflineModel();
  const faulty = await startFaultyModel({
    upstream: plain.url,
    seed: 12,
    rates: { odd_numbers: 0.08, unknown_intent: 0.04, two_steps: 0.04, negated: 0.04 },
  });
  const run = await evaluate({
    datasets: readDatasets({ folder: ".", only: ["evals/calculator.yaml"] }),
    agents: [calculator],
    variants: [
      { label: "offline", client: "offline", model: plain.choice },
      { label: "with faults", client: "with faults", model: localModel(OFFLINE_MODEL_NAME, faulty.url) },
    ],
    folder: ".",
    samples: 3,
    now: Date.now,
  });
  await Promise.all([plain.close(), faulty.close()]);
  return evalPage(run);
}
