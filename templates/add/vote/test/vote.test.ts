import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createVoter, type VoteStep, vote } from "../examples/vote.ts";

test("more than half decide", async () => {
  const votes = ["spam", "ham", "spam"].map(
    (choice): VoteStep => ({ intent: "vote", reasoning: "", choice }),
  );
  const voter = createVoter(scriptedSteps(votes));
  const runtime = createRuntime({ agents: [voter], store: createMemoryStore() });
  runtime.start();
  assert.equal(await vote(voter, "Win a prize", { runtime, id: "1" }), "spam");
  await runtime.stop();
});
