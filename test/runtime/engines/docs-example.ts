/* The code of docs/scale.md; compiled here, and `docs.test.ts` checks that the page shows the same. */
import type { Agent, Runtime } from "../../../src/index.ts";
import { createRuntime, defineConfig } from "../../../src/index.ts";
import { openPgBossEngine } from "../../../src/runtime/engines/pg-boss.ts";
import { openPostgresStore } from "../../../src/store/postgres/open.ts";

const agents: readonly Agent[] = [];

export default defineConfig({
  agents,
  store: "postgres://agents@db.example/agents",
  engine: "pg-boss",
});

export const withRestate = defineConfig({
  agents,
  engine: { use: "restate", ingress: "http://127.0.0.1:8080", admin: "http://127.0.0.1:9070" },
});

export const limited = defineConfig({
  agents,
  modelLimits: {
    "openai/gpt-5-mini": { requestsPerMinute: 500, tokensPerMinute: 200_000, concurrency: 20 },
    "*": { concurrency: 50 },
  },
});

export async function workerExample(address: string): Promise<Runtime> {
  const store = await openPostgresStore(address);
  const engine = await openPgBossEngine(store);
  const runtime = createRuntime({ agents, store, engine, worker: true });
  runtime.start();
  return runtime;
}
