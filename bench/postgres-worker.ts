/* A worker of its own process: `postgres-worker.js ADDRESS SCHEMA`, until it is told to end. */
import { createRuntime } from "../src/index.ts";
import { openPgBossEngine } from "../src/runtime/engines/pg-boss.ts";
import { openPostgresStore } from "../src/store/postgres/open.ts";
import { plannedAgent } from "./postgres-agent.ts";

const [address = "", schema = ""] = process.argv.slice(2);
const store = await openPostgresStore(address, { schema });
const engine = await openPgBossEngine(store);
const runtime = createRuntime({ agents: [plannedAgent()], store, engine });
runtime.start();
process.stdout.write("ready\n");
process.once("SIGTERM", async () => {
  await runtime.stop();
  await store.close();
  process.exit();
});
