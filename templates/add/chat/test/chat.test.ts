import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createChatChannel } from "../src/channels/chat.ts";

const env = { SLACK_SIGNING_SECRET: "8f742231b10e8888abcd99", SLACK_TEAM: "T1", SLACK_BOT_TOKEN: "xoxb-1" };
const mention = JSON.stringify({
  type: "event_callback",
  team_id: "T1",
  event_id: "Ev1",
  event: { type: "app_mention", user: "U1", text: "<@U0> hello", ts: "1.1", channel: "C1", event_ts: "1.1" },
});

function signed(secret: string): Request {
  const time = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", secret).update(`v0:${time}:${mention}`).digest("hex");
  return new Request("https://agents.example.com/channels/slack", {
    method: "POST",
    body: mention,
    headers: {
      "content-type": "application/json",
      "x-slack-request-timestamp": time,
      "x-slack-signature": `v0=${signature}`,
    },
  });
}

test("a signed mention starts a thread, anything else nothing", async () => {
  const channel = createChatChannel(env);
  const steps = scriptedSteps<{ readonly intent: "done" }>([{ intent: "done" }]);
  const agent = defineAgent(steps, { name: "agent", steps: { done: finish(() => "done") } });
  // Another process answers.
  const options = { agents: [agent], store: createMemoryStore(), channels: [channel], worker: false };
  const runtime = createRuntime(options);
  assert.equal((await channel.receive(signed("somebody else's"), runtime)).status, 401);
  assert.equal((await runtime.list()).threads.length, 0);
  assert.equal((await channel.receive(signed(env.SLACK_SIGNING_SECRET), runtime)).status, 200);
  assert.equal((await runtime.list()).threads.length, 1);
  await runtime.stop();
});

test("what is not set is named", () => {
  assert.throws(() => createChatChannel({}), /SLACK_SIGNING_SECRET, SLACK_TEAM and SLACK_BOT_TOKEN/);
});
