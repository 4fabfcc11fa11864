import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createDiscordChannel } from "../src/channels/discord.ts";

const own = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const env = {
  DISCORD_PUBLIC_KEY: Buffer.from(own.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString(
    "hex",
  ),
  DISCORD_APPLICATION_ID: "1",
  DISCORD_BOT_TOKEN: "a bot's token",
  DISCORD_GUILD: "2",
};
const command = JSON.stringify({
  id: "3",
  type: 2,
  guild_id: "2",
  channel_id: "4",
  member: { user: { id: "5" } },
  data: { name: "ask", options: [{ type: 3, name: "text", value: "hello" }] },
});

function signed(good: boolean): Request {
  const time = String(Math.floor(Date.now() / 1000));
  const signature = sign(null, Buffer.from(time + command), good ? own.privateKey : other.privateKey);
  return new Request("https://agents.example.com/channels/discord", {
    method: "POST",
    body: command,
    headers: { "x-signature-ed25519": signature.toString("hex"), "x-signature-timestamp": time },
  });
}

test("a signed command starts a thread, anything else nothing", async () => {
  const channel = createDiscordChannel(env);
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
    () => createDiscordChannel({}),
    /DISCORD_PUBLIC_KEY, DISCORD_APPLICATION_ID, DISCORD_BOT_TOKEN and DISCORD_GUILD/,
  );
});
