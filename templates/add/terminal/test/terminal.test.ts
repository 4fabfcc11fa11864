import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish, tool, verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createTerminalChannel } from "../src/channels/terminal.ts";

type Step = { readonly intent: "send" } | { readonly intent: "done" };

test("a request is shown with the command that approves it", async () => {
  const printed = mock.method(console, "error", () => {});
  const agent = defineAgent(scriptedSteps<Step>([{ intent: "send" }]), {
    name: "sender",
    steps: { send: tool(() => "sent", { approval: "always", version: "1" }), done: finish(() => "done") },
  });
  const options = { agents: [agent], store: createMemoryStore(), channels: [createTerminalChannel()] };
  const runtime = createRuntime(options);
  const input = { message: "go", from: verifiedBy("test", "ada") };
  const { threadId } = await runtime.launch({ agent: "sender", input });
  await runtime.settled(threadId);
  const lines = printed.mock.calls.map(({ arguments: [line] }) => String(line)).join("\n");
  assert.match(lines, /twelvefold approve thr_/);
  printed.mock.restore();
  await runtime.stop();
});
