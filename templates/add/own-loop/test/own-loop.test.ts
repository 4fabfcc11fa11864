import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { defineAgent, finish, randomThreadId, said, tool, verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { takeTurn } from "../examples/own-loop.ts";

type Step = { intent: "add"; a: number; b: number } | { intent: "done"; text: string };

test("what has happened is in the table, and the next turn goes on from there", async () => {
  const steps = scriptedSteps<Step>([
    { intent: "add", a: 1, b: 2 },
    { intent: "done", text: "3" },
  ]);
  const agent = defineAgent(steps, {
    name: "sum",
    steps: { add: tool(({ a, b }) => a + b, { readOnly: true }), done: finish(({ text }) => text) },
  });
  const turn = {
    database: new DatabaseSync(":memory:"),
    threadId: randomThreadId(),
    signal: new AbortController().signal,
  };
  const thread = await takeTurn(agent, [said("1 + 2", verifiedBy("test", "ada"))], turn);
  assert.equal(thread.state.status.kind, "finished");
  assert.deepEqual((await takeTurn(agent, [], turn)).events, thread.events);
});
