import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startRecordingModel, startScriptedModel } from "../../src/model/index.ts";
import { lostTests } from "../../src/workbench/baml-tests/lost-tests.ts";

/** Runs `twelvefold test` as `npm test` does, on the offline model unless another is given. */
function runScript(
  filter: string,
  settings: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): Promise<{ readonly code: unknown; readonly output: string }> {
  const none = { TWELVEFOLD_BASE_URL: undefined, TWELVEFOLD_MODEL: undefined };
  const env = { ...process.env, ...none, ...settings };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["bin/twelvefold.mjs", "test", "-i", filter, ...more],
      { env },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
      },
    );
  });
}

describe("twelvefold test", () => {
  it("the reference agents' BAML tests pass against the offline model, in one line", {
    tags: "F2.4",
  }, async () => {
    const { code, output } = await runScript("Determine*Step::");
    expect(output).toMatch(/^BAML tests: \d+ passed \(built-in offline model\)\n$/);
    expect(code).toBe(0);
  });

  it("a BAML test starts in the middle of a thread", { tags: "F2.5" }, async () => {
    const { code, output } = await runScript("DetermineNextStep::GoesOnMidThread");
    expect([output, code]).toEqual(["BAML tests: 1 passed (built-in offline model)\n", 0]);
  });

  it("fails when no test matches", async () => {
    const { code, output } = await runScript("NoSuchFunction::");
    expect([code, output]).toEqual([2, "twelvefold: BAML tests: no test matches -i NoSuchFunction::\n"]);
  });

  it("names tests that BAML would leave out, for no file declares their function", () => {
    const files = {
      "agent.baml":
        'function Decide(a: string) -> string { client "x/y" prompt #"test Not { functions [Nope] }"# }',
      "tests/agent.baml":
        "test A { functions [Decide] args { a x } }\ntest B {\n  functions [Decide, Decid] // , C\n  args { a x } }",
    };
    expect(lostTests(files)).toEqual([{ name: "B", functionName: "Decid", file: "tests/agent.baml" }]);
    expect(lostTests({ "clean.baml": "// test A { functions [Nope] }\n" })).toEqual([]);
  });

  it("fails with everything that was said when a test fails", async () => {
    const model = await startScriptedModel(['{"intent": "add", "a": 3, "b": 4}']);
    const { code, output } = await runScript("DetermineNextStep::Multiply", {
      TWELVEFOLD_BASE_URL: model.url,
    });
    await model.close();
    expect(code).toBe(1);
    expect(output).toContain("DetermineNextStep::Multiply");
    expect(output).toContain("FAILED");
    expect(output).toMatch(/BAML tests: 1 of 1 failed \(http:\S+\)\n$/);
    expect(output).not.toContain("backtrace");
  });

  it("says what was answered where a test fails, at its line, in GitHub Actions too", {
    tags: ["F2.4", "F2.17"],
  }, async () => {
    const model = await startScriptedModel(['{"intent": "add", "a": 3, "b": 4}']);
    const report = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "junit.xml");
    const { code, output } = await runScript(
      "DetermineNextStep::Multiply",
      { TWELVEFOLD_BASE_URL: model.url, GITHUB_ACTIONS: "true" },
      ["--report", report],
    );
    await model.close();
    expect(code).toBe(1);
    expect(output).toContain('answered: {"intent": "add", "a": 3, "b": 4}');
    expect(output).toMatch(
      /^::error file=baml_src\/calculator_tests\.baml,line=\d+,title=DetermineNextStep%3A Multiply::the assertion intent/m,
    );
    expect(readFileSync(report, "utf8")).toContain('<failure message="the assertion intent does not hold">');
  });

  it("asks nobody where a recording answers", { tags: "F2.4", timeout: 40_000 }, async () => {
    const model = await startScriptedModel(['{"intent": "multiply", "a": 3, "b": 4}']);
    const file = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "calls.jsonl");
    const recorder = await startRecordingModel({ upstream: model.url, file });
    const asked = await runScript("DetermineNextStep::Multiply", {
      TWELVEFOLD_BASE_URL: recorder.url,
      TWELVEFOLD_MODEL_NAME: "m",
    });
    expect(asked.code).toBe(0);
    await recorder.close();
    await model.close();
    const again = await runScript("DetermineNextStep::Multiply", {}, ["--recording", file]);
    expect(again).toEqual({ code: 0, output: `BAML tests: 1 passed (recording ${file})\n` });
  });

  it("asks the model of TWELVEFOLD_MODEL, with its name and key", { tags: "F2.8" }, async () => {
    const model = await startScriptedModel(['{"intent": "multiply", "a": 3, "b": 4}']);
    const { code, output } = await runScript("DetermineNextStep::Multiply", {
      TWELVEFOLD_MODEL: "openai/some-model",
      OPENAI_API_KEY: "k",
      OPENAI_BASE_URL: model.url,
    });
    await model.close();
    expect([output, code]).toEqual(["BAML tests: 1 passed (openai/some-model)\n", 0]);
  });

  it("says why a model that speaks another format cannot be asked", async () => {
    const { code, output } = await runScript("DetermineNextStep::Multiply", {
      TWELVEFOLD_MODEL: "anthropic/m",
      ANTHROPIC_API_KEY: "k",
    });
    expect(code).toBe(2);
    expect(output).toContain("OpenAI's chat format, which anthropic/m does not");
  });
});
