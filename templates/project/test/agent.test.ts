import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createMemoryStore, createRuntime, type HumanDecision, requestIdOf, verifiedBy } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { openAccount } from "../src/account.ts";
import { createAgent, type Step } from "../src/agent.ts";

const ada = verifiedBy("test", "ada");
const deposit: Step = { intent: "deposit", reasoning: "asked for", amount: 50 };
const withdraw: Step = { intent: "withdraw", reasoning: "asked for", amount: 20 };
const done: Step = { intent: "done_for_now", message: "Done." };

/** Runs the agent with a model that answers from a script, until it has ended or waits. */
async function run(script: readonly Step[]) {
  const nextStep = scriptedSteps(script);
  const account = openAccount(join(mkdtempSync(join(tmpdir(), "my-agent-")), "account.jsonl"));
  const runtime = createRuntime({ agents: [createAgent(nextStep, account)], store: createMemoryStore() });
  const { threadId } = await runtime.launch({ agent: "my-agent", input: { message: "go", from: ada } });
  const { state } = await runtime.settled(threadId);
  /** Decides on the card as it stands, and goes on. */
  const decide = async (decision: Extract<HumanDecision, { kind: "approved" | "denied" }>) => {
    const { id, digest } = await runtime.request(requestIdOf(threadId, state.request?.seq ?? 0));
    await runtime.respond(id, { decision, digest: digest ?? "" }, ada);
    const ended = await runtime.settled(threadId);
    nextStep.assertUsedUp();
    await runtime.stop();
    return ended.state.status.kind;
  };
  return { status: state.status.kind, balance: () => account.book(0, "look"), decide };
}

test("a withdrawal waits for a person, and runs once it is approved", async () => {
  const { status, balance, decide } = await run([deposit, withdraw, done]);
  assert.equal(status, "awaiting_approval");
  assert.equal(balance(), 50);
  assert.equal(await decide({ kind: "approved" }), "finished");
  assert.equal(balance(), 30);
});

test("a denied withdrawal does not run", async () => {
  const { balance, decide } = await run([deposit, withdraw, done]);
  assert.equal(await decide({ kind: "denied", feedback: "not today" }), "finished");
  assert.equal(balance(), 50);
});
