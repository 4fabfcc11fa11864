import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { orchestraAgents, orchestrate, type PlanStep, type WorkStep } from "../examples/orchestrate.ts";

test("tasks are done by workers, and their results come back", async () => {
  const agents = orchestraAgents(
    scriptedSteps<PlanStep>([
      { intent: "assign", task: "walls" },
      { intent: "report", text: "The walls stand." },
    ]),
    scriptedSteps<WorkStep>([{ intent: "result", text: "walls built" }]),
  );
  const runtime = createRuntime({ agents: Object.values(agents), store: createMemoryStore() });
  runtime.start();
  assert.equal(await orchestrate(agents, "a house", { runtime, id: "1" }), "The walls stand.");
  assert.equal((await runtime.list()).threads.length, 2);
  await runtime.stop();
});
