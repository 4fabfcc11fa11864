import { expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, settled, testInbox } from "./inbox-server.ts";

type Step = { intent: "pay"; amount: number; note: string } | { intent: "done" };

function payer({ version = "1", approvers = ["*:ada"], redact = false } = {}) {
  const steps: Step[] = [{ intent: "pay", amount: 40, note: "sk-ant-0123456789abcdef0123456789" }];
  return defineAgent(scriptedSteps<Step>(steps), {
    name: "payer",
    context: redact ? { redact: {} } : {},
    steps: { pay: tool(() => "paid", { approval: { approvers }, version }), done: finish(() => "done") },
  });
}

it.each([
  [{}, undefined],
  [{ redact: true }, undefined],
  [{ version: "2" }, "the code of the tool or the prompt has changed"],
  [{ version: "2", redact: true }, "the code of the tool or the prompt has changed"],
  [{ approvers: ["*:bob"] }, "the rule of who must approve it has changed"],
  [
    { version: "2", approvers: ["*:bob"] },
    "the code of the tool or the prompt, and the rule of who must approve it, has changed",
  ],
])(
  "the card of a request says what has changed since it was asked: %j",
  { tags: ["F7.7", "F7.8"] },
  async (now, words) => {
    const store = createMemoryStore();
    const { redact = false } = { ...now } as { redact?: boolean };
    const first = testInbox([payer({ redact })], { store });
    const { threadId } = await first.runtime.launch({ agent: "payer", input: { message: "pay", from: ada } });
    const { state } = await settled(first.runtime, threadId);
    await first.runtime.stop();
    const { app, runtime } = testInbox([payer(now)], { store });
    const page = async (path: string) =>
      (await app.request(path, { headers: { cookie: "person=ada" } })).text();
    const card = await page(`/inbox/requests/${requestIdOf(threadId, state.request?.seq ?? 0)}`);
    const list = await page("/inbox?whose=all");
    expect([card.includes("Since this was asked"), list.includes("Changed since")]).toEqual(
      words === undefined ? [false, false] : [true, true],
    );
    if (words !== undefined) expect(card).toContain(`Since this was asked, ${words}.`);
    await runtime.stop();
  },
);
