import { describe, expect, it } from "vitest";
import { createDeploybot } from "../../src/agents/deploybot/agent.ts";
import { makeDemoShop } from "../../src/agents/support/demo-shop.ts";
import type { Agent } from "../../src/index.ts";
import { startOfflineModel } from "../../src/model/index.ts";
import { evaluate } from "../../src/workbench/evals/evaluate.ts";
import { hasFailed } from "../../src/workbench/evals/gate.ts";
import { readDatasets } from "../../src/workbench/evals/read-dataset.ts";

const AGENTS: readonly (readonly [string, () => Agent])[] = [
  ["support", () => makeDemoShop(":memory:", () => "2026-11-26").support],
  [
    "deploybot",
    () => {
      const nowhere = { repository: "nowhere", environments: "nowhere", health: ["true"] } as const;
      return createDeploybot({ ...nowhere, serverUrl: () => "http://127.0.0.1:1" }).agent;
    },
  ],
];

describe("F2.4 the evals of the reference agents", { tags: ["F2.4", "F2.16"] }, () => {
  it.each(AGENTS)(
    "of %s pass with the offline model, except what it is known to fail",
    async (name, make) => {
      const agent = make();
      const datasets = readDatasets({ folder: ".", only: [`evals/agents/${name}.yaml`] });
      const cases = datasets.flatMap((dataset) => dataset.cases);
      expect(cases.length).toBeGreaterThanOrEqual(25);
      const model = await startOfflineModel();
      const { variants, gate } = await evaluate({
        datasets,
        agents: [agent],
        variants: [{ label: "offline", client: "offline", model: model.choice }],
        folder: ".",
        now: () => 0,
      });
      await model.close();
      const failed = variants.flatMap((variant) => variant.cases.filter(hasFailed).map((one) => one.name));
      expect(failed).toEqual(
        cases.filter(({ knownFailure }) => knownFailure !== undefined).map((one) => one.name),
      );
      expect(gate.reasons).toEqual([]);
    },
  );
});
