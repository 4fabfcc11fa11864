import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { chainAgents, type OutlineStep, type TextStep, writeReport } from "../examples/chain.ts";

test("the writer gets what the gate lets through", async () => {
  const agents = chainAgents(
    scriptedSteps<OutlineStep>([{ intent: "outline", points: ["tea", "cups"] }]),
    scriptedSteps<TextStep>([{ intent: "text", text: "Tea comes in cups." }]),
  );
  const runtime = createRuntime({ agents: Object.values(agents), store: createMemoryStore() });
  runtime.start();
  const report = () => writeReport(agents, "breakfast", { runtime, id: "1" });
  assert.deepEqual(await report(), { text: "Tea comes in cups." });
  // The same id is the same run: no model is asked again.
  assert.deepEqual(await report(), { text: "Tea comes in cups." });
  await runtime.stop();
});
