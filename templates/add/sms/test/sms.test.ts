import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish } from "twelvefold";
import { signTwilio } from "twelvefold/sms";
import { scriptedSteps } from "twelvefold/testing";
import { createSmsChannel } from "../src/channels/sms.ts";

const env = {
  TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
  TWILIO_AUTH_TOKEN: "the token of the test",
  TWILIO_FROM: "+4930901820",
  TWILIO_WEBHOOK: "https://agents.example.com/channels/sms",
  TWELVEFOLD_SECRET: "a secret of the test's own, 32 or more",
};
const params = new Map([
  ["AccountSid", env.TWILIO_ACCOUNT_SID],
  ["MessageSid", "SM1"],
  ["From", "+4930901821"],
  ["To", env.TWILIO_FROM],
  ["Body", "hello"],
]);

function signed(authToken: string): Request {
  return new Request(env.TWILIO_WEBHOOK, {
    method: "POST",
    body: new URLSearchParams([...params]),
    headers: { "x-twilio-signature": signTwilio(authToken, env.TWILIO_WEBHOOK, params) },
  });
}

test("a signed text starts a thread, anything else nothing", async () => {
  const channel = createSmsChannel(env);
  const steps = scriptedSteps<{ readonly intent: "done" }>([{ intent: "done" }]);
  const agent = defineAgent(steps, { name: "agent", steps: { done: finish(() => "done") } });
  // Another process answers.
  const options = { agents: [agent], store: createMemoryStore(), channels: [channel], worker: false };
  const runtime = createRuntime(options);
  assert.equal((await channel.receive(signed("somebody else's"), runtime)).status, 401);
  assert.equal((await runtime.list()).threads.length, 0);
  assert.equal((await channel.receive(signed(env.TWILIO_AUTH_TOKEN), runtime)).status, 200);
  assert.equal((await runtime.list()).threads.length, 1);
  await runtime.stop();
});

test("what is not set is named", () => {
  assert.throws(() => createSmsChannel({}), /TWILIO_ACCOUNT_SID/);
});
