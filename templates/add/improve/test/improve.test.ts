import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { type DraftStep, improve, improvingAgents, type JudgeStep } from "../examples/improve.ts";

test("the advice leads to a better draft", async () => {
  const agents = improvingAgents(
    scriptedSteps<DraftStep>([
      { intent: "draft", text: "a long tale" },
      { intent: "draft", text: "a tale" },
    ]),
    scriptedSteps<JudgeStep>([
      { intent: "judge", reasoning: "", good: false, advice: "shorter" },
      { intent: "judge", reasoning: "", good: true, advice: "" },
    ]),
  );
  const runtime = createRuntime({ agents: Object.values(agents), store: createMemoryStore() });
  runtime.start();
  const improved = await improve(agents, "write", { runtime, id: "1" });
  assert.deepEqual(improved, { text: "a tale", good: true, rounds: 2 });
  await runtime.stop();
});
