import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { openAccount } from "../src/account.ts";
import { runAgent, type Step } from "../src/loop.ts";

const script: Step[] = [
  { intent: "deposit", reasoning: "asked for", amount: 50 },
  { intent: "withdraw", reasoning: "asked for", amount: 20 },
  { intent: "done_for_now", message: "Done." },
];

/** The balance after a run in which the person gives this answer. */
async function balanceAfter(reply: string): Promise<number> {
  const nextStep = scriptedSteps(script);
  const account = openAccount(join(mkdtempSync(join(tmpdir(), "my-agent-")), "account.jsonl"));
  const person = verifiedBy("test", "ada");
  const thread = await runAgent("go", { nextStep, account, ask: async () => reply, person });
  assert.equal(thread.state.status.kind, "finished");
  nextStep.assertUsedUp();
  return account.book(0, "look");
}

test("an approved withdrawal runs", async () => {
  assert.equal(await balanceAfter(""), 30);
});

test("a denied withdrawal does not run", async () => {
  assert.equal(await balanceAfter("not today"), 50);
});
