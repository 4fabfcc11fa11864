import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime } from "twelvefold";
import { createEmailChannel } from "../src/channels/email.ts";

const env = {
  MAIL_FROM: "Support <support@shop.example>",
  SMTP_URL: "smtp://127.0.0.1:1",
  TWELVEFOLD_SECRET: "a secret of the test's own, 32 or more",
};

test("a mail that nobody has signed starts nothing", async () => {
  const channel = createEmailChannel(env);
  const runtime = createRuntime({ agents: [], store: createMemoryStore(), channels: [channel] });
  const mail = [
    "From: Ann <ann@customer.example>",
    "To: support@shop.example",
    "Subject: Order 7",
    "Date: Thu, 26 Nov 2026 09:00:00 +0000",
    "Message-ID: <1@customer.example>",
    "",
    "Where is it?",
    "",
  ];
  const outcome = await channel.accept(Buffer.from(mail.join("\r\n")), runtime);
  assert.equal(outcome.kind, "dropped");
  assert.match(outcome.why ?? "", /not proven/);
  assert.deepEqual((await runtime.list()).threads, []);
  await runtime.stop();
});

test("what is not set is named", () => {
  assert.throws(() => createEmailChannel({}), /MAIL_FROM, SMTP_URL and TWELVEFOLD_SECRET/);
});
