import { statSync } from "node:fs";
import { join } from "node:path";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { httpAgent, runThread } from "../engine.ts";
import { messageFor } from "../instant-model.ts";
import type { BenchRow } from "./bench-row.ts";

const STEPS = 300;

/** The database file of one thread, and the JSON of its events. */
export const storedBytes: BenchRow = async ({ folder, modelUrl, tick }) => {
  tick("stored bytes");
  const path = join(folder, "bytes.db");
  const store = await openSqliteStore(path);
  const runtime = createRuntime({ agents: [httpAgent], store, model: localModel("instant", modelUrl) });
  await runThread(runtime, httpAgent.name, messageFor("bytes", STEPS));
  const [thread] = (await store.list()).threads;
  const events = thread === undefined ? [] : await store.read(thread.threadId);
  await runtime.stop();
  await store.close();
  return [
    {
      what: `stored bytes of a thread of ${STEPS} steps, beside the JSON of its events`,
      ours: statSync(path).size / 1000,
      hand: Buffer.byteLength(JSON.stringify(events)) / 1000,
      unit: "kB",
      budget: { atMost: 2 },
    },
  ];
};
