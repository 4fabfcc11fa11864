import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createTeamsChannel } from "../src/channels/teams.ts";

const env = {
  TEAMS_APP_ID: "c9e8c047-2a74",
  TEAMS_CLIENT_SECRET: "a secret of it",
  TEAMS_TENANT: "72f988bf-86f1",
};

test("a request without a token of the Bot Framework starts nothing", async () => {
  const channel = createTeamsChannel(env);
  const steps = scriptedSteps<{ readonly intent: "done" }>([]);
  const agent = defineAgent(steps, { name: "agent", steps: { done: finish(() => "done") } });
  const runtime = createRuntime({
    agents: [agent],
    store: createMemoryStore(),
    channels: [channel],
    worker: false,
  });
  const request = new Request("https://agents.example.com/channels/teams", { method: "POST", body: "{}" });
  assert.equal((await channel.receive(request, runtime)).status, 401);
  assert.equal((await runtime.list()).threads.length, 0);
  await runtime.stop();
});

test("what is not set is named", () => {
  assert.throws(() => createTeamsChannel({}), /TEAMS_APP_ID, TEAMS_CLIENT_SECRET and TEAMS_TENANT/);
});
