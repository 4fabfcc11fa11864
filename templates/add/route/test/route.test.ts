import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime, defineAgent, finish } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { createRouter, type RouteStep, routeRequest } from "../examples/route.ts";

type Reply = { intent: "reply"; text: string };

test("the request reaches the agent that was chosen", async () => {
  const router = createRouter(scriptedSteps<RouteStep>([{ intent: "route", to: "billing" }]));
  const replies = scriptedSteps<Reply>([{ intent: "reply", text: "Paid back." }]);
  const billing = defineAgent(replies, { name: "billing", steps: { reply: finish(({ text }) => text) } });
  const runtime = createRuntime({ agents: [router, billing], store: createMemoryStore() });
  runtime.start();
  const routed = await routeRequest(router, [billing], "a refund", { runtime, id: "1" });
  assert.deepEqual(routed, { by: "billing", result: "Paid back." });
  await runtime.stop();
});
