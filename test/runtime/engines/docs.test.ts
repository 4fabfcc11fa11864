import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { TwelvefoldConfig } from "../../../src/index.ts";
import { DOOR_IMPORTS, declareGlobals, snippetsOf, use } from "../../docs/run-snippets.ts";
import { exampleAgent } from "../example-agent.ts";

const [queue, restate, , limits] = snippetsOf("docs/scale.md", DOOR_IMPORTS);

describe("docs/scale.md", { tags: "E4" }, () => {
  beforeAll(() => declareGlobals({ agents: [exampleAgent([]).agent] }));
  afterAll(() => void vi.unstubAllGlobals());

  it("its configurations are valid", async () => {
    const configs: TwelvefoldConfig[] = [];
    for (const snippet of [queue, restate, limits])
      configs.push((await use<{ default: TwelvefoldConfig }>(snippet)).default);
    expect(configs.map(({ engine }) => engine)).toEqual([
      "pg-boss",
      expect.objectContaining({ use: "restate" }),
      undefined,
    ]);
  });
});
