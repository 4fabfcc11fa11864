/* One of several processes that write to the same threads. Prints what it did as one line of JSON. */
import { TwelvefoldError } from "../../../src/base/errors.ts";
import { parseThreadId, randomThreadId, type ThreadId } from "../../../src/base/ids.ts";
import { messages, numberEvents, project, startSample } from "../../../src/testing/store-contract/samples.ts";
import { openStoreAt } from "./open-store.ts";

const [path = "", name = "", appends = "0", ...ids] = process.argv.slice(2);
const threads = ids.map(parseThreadId).filter((id): id is ThreadId => id !== undefined);
const store = await openStoreAt(path);

const appended: Record<string, number> = {};
let conflicts = 0;

/** Appends where it believes the thread to be; learns from each conflict where it is. */
async function append(worker: number): Promise<void> {
  const known = new Map<ThreadId, number>();
  for (let round = 0; round < Number(appends); round++) {
    const id = threads[(worker + round) % threads.length];
    if (id === undefined) return;
    for (let done = false; !done; ) {
      const seq = known.get(id) ?? 1;
      try {
        await store.append(id, seq, messages(seq, `${name} ${worker} ${round}`), { projection: project() });
        known.set(id, seq + 1);
        appended[id] = (appended[id] ?? 0) + 1;
        done = true;
      } catch (error) {
        if (!TwelvefoldError.isInstance(error) || error.code !== "sequence_conflict") throw error;
        conflicts += 1;
        known.set(id, Number(error.details["actual"]));
      }
    }
  }
}

await Promise.all(Array.from({ length: 4 }, (_, worker) => append(worker)));

const claimed: string[] = [];
for (const id of threads) if (await store.claim(id, name, 0, 1000)) claimed.push(id);

let delivered = 0;
for (let delivery = 0; delivery < 50; delivery++) {
  const once = { once: `delivery ${delivery}` };
  const outcome = await store.append(randomThreadId(), 0, numberEvents(1, [startSample()]), {
    projection: project(),
    ...once,
  });
  if (outcome.kind === "appended") delivered += 1;
}

await store.close();
process.stdout.write(`${JSON.stringify({ name, appended, conflicts, claimed, delivered })}\n`);
