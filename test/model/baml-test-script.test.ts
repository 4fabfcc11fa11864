import { execFile } from "node:child_process";
import { describe, expect, it } from "vitest";
import { startScriptedModel } from "../../src/model/index.ts";

/** Runs `scripts/baml-test.mjs` as `npm test` does, on the offline model unless another is given. */
function runScript(
  filter: string,
  baseUrl?: string,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const env = { ...process.env, TWELVEFOLD_BASE_URL: baseUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, ["scripts/baml-test.mjs", "-i", filter], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}

describe("the script that runs the BAML tests", () => {
  it("the calculator's BAML tests pass against the offline model, in one line", {
    tags: "F2.4",
  }, async () => {
    const { code, output } = await runScript("DetermineNextStep::");
    expect(output).toMatch(/^BAML tests: \d+ passed \(built-in offline model\)\n$/);
    expect(code).toBe(0);
  });

  it("a BAML test starts in the middle of a thread", { tags: "F2.5" }, async () => {
    const { code, output } = await runScript("DetermineNextStep::GoesOnMidThread");
    expect([output, code]).toEqual(["BAML tests: 1 passed (built-in offline model)\n", 0]);
  });

  it("fails when no test matches", async () => {
    const { code, output } = await runScript("NoSuchFunction::");
    expect([code, output]).toEqual([5, expect.stringContaining("No tests selected")]);
  });

  it("fails with everything that was said when a test fails", async () => {
    const model = await startScriptedModel(['{"intent": "add", "a": 3, "b": 4}']);
    const { code, output } = await runScript("DetermineNextStep::Multiply", model.url);
    await model.close();
    expect(code).toBe(2);
    expect(output).toContain("DetermineNextStep::Multiply");
    expect(output).toContain("FAILED");
  });
});
