/* A process that takes a thread to its end: `twelvefold.js DATABASE MODEL-URL launch|resume MESSAGE-OR-THREAD`. */
import { createRuntime, localModel, parseThreadId } from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { bencher, httpAgent } from "../engine.ts";

const [path = "", url = "", how = "", what = ""] = process.argv.slice(2);
const store = await openSqliteStore(path);
const runtime = createRuntime({ agents: [httpAgent], store, model: localModel("instant", url) });
const existing = how === "resume" ? parseThreadId(what) : undefined;
if (existing === undefined) {
  const launched = await runtime.launch({ agent: "bench", input: { message: what, from: bencher } });
  await runtime.settled(launched.threadId);
} else {
  await runtime.resume(existing, bencher);
  await runtime.settled(existing);
}
await runtime.stop();
await store.close();
