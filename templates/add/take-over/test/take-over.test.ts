import assert from "node:assert/strict";
import { test } from "node:test";
import { askHuman, createMemoryStore, createRuntime, defineAgent, finish, verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { handBack, takeOver } from "../examples/take-over.ts";

type Step = { intent: "ask"; text: string } | { intent: "done"; text: string };

test("the agent rests while a person works, and goes on from what they did", async () => {
  const [ada, ben] = [verifiedBy("test", "ada"), verifiedBy("test", "ben")];
  const steps = scriptedSteps<Step>([
    { intent: "ask", text: "How?" },
    { intent: "done", text: "settled" },
  ]);
  const agent = defineAgent(steps, {
    name: "clerk",
    steps: { ask: askHuman(({ text }) => text), done: finish(({ text }) => text) },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const { threadId: id } = await runtime.launch({
    agent: "clerk",
    input: { message: "settle it", from: ada },
  });
  await runtime.settled(id);
  assert.equal((await takeOver({ runtime, id, person: ben })).state.status.kind, "paused");
  const { state } = await handBack({ runtime, id, person: ben }, "I called them.");
  assert.equal(state.status.kind, "finished");
  await runtime.stop();
});
