import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish, tool, verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createWebhookChannel } from "../src/channels/webhook.ts";

type Step = { readonly intent: "send" } | { readonly intent: "done" };
const secret = Buffer.from("a secret of the test's own").toString("base64");

test("a request is posted, signed", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const channel = createWebhookChannel({
    WEBHOOK_URL: `http://127.0.0.1:${address.port}/hooks`,
    WEBHOOK_SECRET: `whsec_${secret}`,
  });
  const agent = defineAgent(scriptedSteps<Step>([{ intent: "send" }]), {
    name: "sender",
    steps: {
      send: tool(() => "sent", { approval: "always", version: "1" }),
      done: finish(() => "done"),
    },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore(), channels: [channel] });
  runtime.start();
  const posted = once(server, "request");
  const { threadId } = await runtime.launch({
    agent: "sender",
    input: { message: "go", from: verifiedBy("test", "ada") },
  });
  const [request, response] = await posted;
  const body = await text(request);
  response.end();

  const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = request.headers;
  const key = Buffer.from(secret, "base64");
  assert.equal(signature, `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`);
  const { type, data } = JSON.parse(body);
  assert.deepEqual([type, data.threadId, data.kind], ["request.opened", threadId, "approval"]);
  await runtime.stop();
  server.close();
});

test("what is not set is named", () => {
  assert.throws(() => createWebhookChannel({}), /WEBHOOK_URL and WEBHOOK_SECRET/);
});
