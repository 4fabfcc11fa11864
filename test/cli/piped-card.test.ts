import { describe, expect, it } from "vitest";
import { startScriptedModel } from "../../src/model/index.ts";
import { cli } from "./run-cli.ts";

describe("a card where nobody can be asked", { tags: "F4.10", timeout: 60_000 }, () => {
  it("stands before the commands that decide on it, with the model's own words, whatever shows it", async () => {
    const model = await startScriptedModel(['I fear that this is wrong.\n{"intent":"divide","a":12,"b":3}']);
    try {
      const twelvefold = cli();
      const settings = {
        TWELVEFOLD_MODEL: "openai-generic/scripted",
        TWELVEFOLD_BASE_URL: model.url,
        TWELVEFOLD_API_KEY: "none",
      };
      const shown = /divide\b[\s\S]*\ba: 12[\s\S]*The model wrote:\n\s+I fear that this is wrong\./;
      const run = await twelvefold(["run", "calculator", "divide 12 by 3"], settings);
      expect(run.stderr).toMatch(shown);
      const id = /thr_\w+/.exec(run.stdout)?.[0] ?? "";
      expect((await twelvefold(["follow", id], settings)).stderr).toMatch(shown);
      expect((await twelvefold(["message", id, "Please hurry"], settings)).stderr).toMatch(shown);
      model.assertDone();
    } finally {
      await model.close();
    }
  });
});
