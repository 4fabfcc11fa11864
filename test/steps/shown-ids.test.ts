import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { onlyShown, wasShown } from "../../src/steps/shown-ids.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { ada, eventsOf, testRuntime } from "../runtime/harness.ts";

const said = (text: string) => ({
  events: [
    {
      seq: 2,
      at: "2026-01-01T00:00:00.000Z",
      type: "message_received",
      v: 1,
      data: { text, from: { channel: "web", id: "ada" } },
    } as const,
  ],
});

describe("ids come from what was shown", { tags: "F1.4" }, () => {
  it.each([
    ["refund order 4711 please", "4711", true],
    ["refund order (4711).", "4711", true],
    ["order#4711", "4711", true],
    ["refund order 47112", "4711", false],
    ["refund order 14711", "4711", false],
    ["ord-4711", "4711", false],
    ["deploy v1.2.3", "v1.2", false],
    ["deploy v1.2.", "v1.2", true],
    ["see shop/4711", "4711", false],
    ["Grüße an Böll", "B", false],
    ["anything", " ", false],
  ])("%j shows %j: %j", (text, id, shown) => {
    expect(wasShown(said(text), id)).toBe(shown);
  });

  it("a lookup, a prefetch and a person show them; an error and the model's own steps do not", async () => {
    type Step = { intent: "find"; name: string } | { intent: "refund"; order: string } | { intent: "done" };
    const refund = (order: string): Step => ({ intent: "refund", order });
    const nextStep = scriptedSteps<Step>([
      refund("made-up"),
      { intent: "find", name: "made-up" },
      refund("made-up"),
      { intent: "find", name: "bolt" },
      refund("o-17"),
      refund("fetched-1"),
      { intent: "done" },
    ]);
    const refunded: string[] = [];
    const agent = defineAgent(nextStep, {
      name: "shop",
      limits: { consecutiveErrors: 9 },
      prefetch: { orders: { run: () => [{ id: "fetched-1" }] } },
      steps: {
        find: tool(
          ({ name }) => {
            if (name !== "bolt") throw new Error(`nobody knows ${name}`);
            return { orders: { "o-17": { item: "bolt" } } };
          },
          { readOnly: true },
        ),
        refund: tool(({ order }) => refunded.push(order), {
          check: onlyShown(({ order }) => order, "Find the order first."),
        }),
        done: finish(() => "done"),
      },
    });
    const runtime = testRuntime({ agents: [agent] });
    const { threadId } = await runtime.launch({ agent: "shop", input: { message: "help", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(refunded).toEqual(["o-17", "fetched-1"]);
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.message)).toEqual([
      "nothing in this thread has shown made-up. Find the order first.",
      "nothing in this thread has shown made-up. Find the order first.",
    ]);
    nextStep.assertUsedUp();
  });
});
