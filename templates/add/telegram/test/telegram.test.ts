import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createTelegramChannel } from "../src/channels/telegram.ts";

const env = {
  TELEGRAM_BOT_TOKEN: "110201543:AAHdqTcvCH1v",
  TELEGRAM_SECRET_TOKEN: "s".repeat(40),
  TELEGRAM_BOT_NAME: "desk_bot",
};
const message = JSON.stringify({
  update_id: 1,
  message: {
    message_id: 5,
    date: 1,
    chat: { id: 7, type: "private" },
    from: { id: 7, is_bot: false },
    text: "hello",
  },
});

function signed(good: boolean): Request {
  return new Request("https://agents.example.com/channels/telegram", {
    method: "POST",
    body: message,
    headers: { "x-telegram-bot-api-secret-token": good ? env.TELEGRAM_SECRET_TOKEN : "somebody else's" },
  });
}

test("a message with the secret token starts a thread, anything else nothing", async () => {
  const channel = createTelegramChannel(env);
  const steps = scriptedSteps<{ readonly intent: "done" }>([{ intent: "done" }]);
  const agent = defineAgent(steps, { name: "agent", steps: { done: finish(() => "done") } });
  // Another process answers.
  const options = { agents: [agent], store: createMemoryStore(), channels: [channel], worker: false };
  const runtime = createRuntime(options);
  assert.equal((await channel.receive(signed(false), runtime)).status, 401);
  assert.equal((await runtime.list()).threads.length, 0);
  assert.equal((await channel.receive(signed(true), runtime)).status, 200);
  assert.equal((await runtime.list()).threads.length, 1);
  await runtime.stop();
});

test("what is not set is named", () => {
  assert.throws(
    () => createTelegramChannel({}),
    /TELEGRAM_BOT_TOKEN, TELEGRAM_SECRET_TOKEN and TELEGRAM_BOT_NAME/,
  );
});
