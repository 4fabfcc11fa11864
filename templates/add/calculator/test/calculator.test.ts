import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime, requestIdOf, verifiedBy } from "twelvefold";
import { startOfflineModel } from "twelvefold/model";
import { calculator } from "../src/agents/calculator/agent.ts";

test("the calculator multiplies at once, and divides when a person has approved it", async () => {
  const ada = verifiedBy("test", "ada");
  const offline = await startOfflineModel();
  const runtime = createRuntime({
    agents: [calculator],
    store: createMemoryStore(),
    model: offline.choice,
  });
  const input = { message: "multiply 3 and 4, then divide the result by 2", from: ada };
  const { threadId } = await runtime.launch({ agent: "calculator", input });
  const { state } = await runtime.settled(threadId);
  assert.equal(state.status.kind, "awaiting_approval");
  const { id, digest } = await runtime.request(requestIdOf(threadId, state.request?.seq ?? 0));
  await runtime.respond(id, { decision: { kind: "approved" }, digest: digest ?? "" }, ada);
  const { status } = (await runtime.settled(threadId)).state;
  assert.match(JSON.stringify(status), /finished.*\b6\b/);
  await runtime.stop();
  await offline.close();
});
