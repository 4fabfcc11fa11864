import assert from "node:assert/strict";
import { test } from "node:test";
import { startOfflineModel } from "twelvefold/model";

test("the loop calculates, and asks for what it cannot read", async () => {
  const offline = await startOfflineModel();
  // The client in baml_src/clients.baml reads these when it is loaded.
  process.env["TWELVEFOLD_BASE_URL"] = offline.url;
  process.env["TWELVEFOLD_API_KEY"] = "none";
  process.env["TWELVEFOLD_MODEL_NAME"] = "offline";
  const { calculate } = await import("../examples/hand-written-loop.ts");
  const questions: string[] = [];
  const { state } = await calculate("multiply 3 and feee9f9e", async (question) => {
    questions.push(question);
    return "lets try 12 instead";
  });
  assert.match(JSON.stringify(state.status), /finished.*\b36\b/);
  assert.equal(questions.length, 1);
  await offline.close();
});
