/* Opens a store, as several processes do at the same time, and says so in it. */
import { openStoreAt } from "./open-store.ts";

const store = await openStoreAt(process.argv[2] ?? "");
await store.setValue(`opened by ${process.pid}`, "yes", undefined);
await store.close();
process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`);
