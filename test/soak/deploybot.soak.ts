import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { createDeploybot } from "../../src/agents/deploybot/agent.ts";
import { makeDemoSite } from "../../src/agents/deploybot/demo-site.ts";
import { startOfflineModel } from "../../src/model/offline/offline-model.ts";
import type { ModelChoice } from "../../src/prompts/types.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { startServer } from "../../src/server/start.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { ada } from "../agents/deploybot-site.ts";

const folder = await mkdtemp(join(tmpdir(), "deploybot-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process of deploybot's server, on a port and a store that the next one takes over. */
async function start(model: ModelChoice, port: number) {
  let url = "";
  const deploybot = createDeploybot({
    repository: join(folder, "site/repository"),
    environments: join(folder, "site/environments"),
    // Long enough for the server to be gone when it is over.
    health: [process.execPath, "-e", "setTimeout(() => console.log('fine'), 700)"],
    serverUrl: () => url,
  });
  const store = await openSqliteStore(join(folder, "threads.db"));
  const runtime = createRuntime({ agents: deploybot.agents, store, model });
  const log = { info() {}, warn() {}, error() {} };
  const server = await startServer({ runtime, port, log });
  ({ url } = server);
  const close = async () => {
    await server.close();
    await store.close();
  };
  return { runtime, port: Number(new URL(url).port), close };
}

describe("a health check of deploybot", { tags: ["F6.6", "F6.9"] }, () => {
  it("goes on while the server is gone, and its result wakes the thread in the next one", async () => {
    await makeDemoSite(join(folder, "site"), { serverUrl: () => "" });
    const model = await startOfflineModel();
    const first = await start(model.choice, 0);
    const input = { message: "backend v1.1.0 to staging", from: ada };
    const { threadId } = await first.runtime.launch({ agent: "deploybot", input });
    expect((await first.runtime.settled(threadId)).state.status.kind).toBe("awaiting_event");
    await first.close();

    const next = await start(model.choice, first.port);
    await vi.waitFor(
      async () => expect((await next.runtime.settled(threadId)).state.status.kind).toBe("finished"),
      { timeout: 15_000, interval: 100 },
    );
    await next.close();
    await model.close();
  });
});
