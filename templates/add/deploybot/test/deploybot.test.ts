import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createMemoryStore, createRuntime, verifiedBy } from "twelvefold";
import { startOfflineModel } from "twelvefold/model";
import { makeDemoSite } from "../src/agents/deploybot/demo-site.ts";

test("nothing goes to production but what is healthy in staging, with two people's approval", async () => {
  const folder = await mkdtemp(join(tmpdir(), "deploybot-"));
  // Without a server nobody hears of the agent's own health checks: what is in staging is checked by code here.
  const site = await makeDemoSite(folder, { serverUrl: () => "http://127.0.0.1:9" });
  const place = { service: "backend", environment: "staging" } as const;
  await site.environments.deploy(place, "v1.2.0", "test");
  assert.equal((await site.checks.run(place)).healthy, true);

  const offline = await startOfflineModel();
  const runtime = createRuntime({ agents: site.agents, store: createMemoryStore(), model: offline.choice });
  const input = { message: "Bring the backend to production", from: verifiedBy("test", "ada") };
  const { threadId } = await runtime.launch({ agent: "deploybot", input });
  const { request } = (await runtime.settled(threadId)).state;
  assert.ok(request?.type === "approval");
  assert.equal(request.policy.needed, 2);
  assert.match(JSON.stringify(request.card.preview), /Invoices as PDF/);
  assert.equal(await site.environments.currentTag({ ...place, environment: "production" }), "v1.0.0");

  await runtime.stop();
  await offline.close();
  await rm(folder, { recursive: true, force: true });
});
