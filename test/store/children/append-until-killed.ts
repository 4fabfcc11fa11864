/* Appends to eight threads at once for ever, printing each thread and number once its append has resolved. */
import { writeSync } from "node:fs";
import { createThread, messages, project } from "../../../src/testing/store-contract/samples.ts";
import { openStoreAt } from "./open-store.ts";

const store = await openStoreAt(process.argv[2] ?? "");
const padding = "x".repeat(Number(process.argv[3] ?? 0));
const report = (id: string, seq: number) => writeSync(1, `${id} ${seq}\n`);

async function work(): Promise<never> {
  const id = await createThread(store);
  report(id, 1);
  for (let seq = 1; ; seq++) {
    await store.append(id, seq, messages(seq, `text ${seq} ${padding}`), { projection: project() });
    report(id, seq + 1);
  }
}

try {
  await Promise.race(Array.from({ length: 8 }, work));
} catch (error) {
  writeSync(2, JSON.stringify(error instanceof Error ? { ...error, message: error.message } : error));
  process.exitCode = 1;
}
