/* A worker of its own process, until it is told to end: `worker.js ADDRESS SCHEMA`, or `worker.js ADDRESS` for the one by hand. */
import { createRuntime } from "../../src/index.ts";
import { openPgBossEngine } from "../../src/runtime/engines/pg-boss.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { plannedAgent } from "./agent.ts";
import { workByHand } from "./hand.ts";

/** What a worker advances at the same time, and the connections it does it with. */
const AT_ONCE = 16;
const CONNECTIONS = 10;

const [address = "", schema] = process.argv.slice(2);
if (schema === undefined) {
  process.once("SIGTERM", () => process.exit());
  process.stdout.write("ready\n");
  await workByHand(address, AT_ONCE, CONNECTIONS);
} else {
  const store = await openPostgresStore(address, { schema, connections: CONNECTIONS });
  const engine = await openPgBossEngine(store);
  const runtime = createRuntime({ agents: [plannedAgent()], store, engine, concurrency: AT_ONCE });
  runtime.start();
  process.stdout.write("ready\n");
  process.once("SIGTERM", async () => {
    await runtime.stop();
    await store.close();
    process.exit();
  });
}
