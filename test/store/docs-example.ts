/* The code of docs/storage.md, in its order. `docs.test.ts` runs it and checks that the page shows the same. */
import { join } from "node:path";
import type { Agent, Clock } from "../../src/index.ts";
import {
  appendEvents,
  createMemoryStore,
  defineConfig,
  erasureData,
  projectionOf,
  type Runtime,
  startThread,
  type ThreadId,
  threadOf,
  type VerifiedPrincipal,
} from "../../src/index.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { TestRunner } from "../../src/testing/index.ts";
import { storeContract } from "../../src/testing/index.ts";

const agents: readonly Agent[] = [];

/** Not called: an installation has agents. */
export const keptExample = () => {
  const kept = defineConfig({
    agents,
    retention: [{ days: 365 }, { days: 30, status: ["failed", "cancelled"], action: "erase" }],
  });
  return kept;
};

export async function storageExample(folder: string, clock: Clock) {
  const store = await openSqliteStore(join(folder, "threads.db"));
  const thread = startThread({ agent: "calculator" }, clock.now());
  await store.append(thread.id, 0, thread.events, { projection: projectionOf(thread.state) });

  const from = { channel: "terminal", id: "ada" };
  const next = appendEvents(
    thread,
    [{ type: "message_received", data: { text: "3 times 4?", from } }],
    clock.now(),
  );
  await store.append(thread.id, 1, next.events.slice(1), {
    projection: projectionOf(next.state),
    once: "mail 17",
  });

  const read = threadOf(thread.id, await store.read(thread.id));
  await store.append(read.id, read.state.seq, [], { projection: projectionOf(read.state) });

  const { ok, events, erased, head, problem } = await store.verify(thread.id);

  const [, message] = read.events;
  if (message?.type === "message_received") {
    const standIn = { ...message, data: { ...message.data, text: "(erased)" } };
    const data = erasureData([standIn], { channel: "terminal", id: "officer" }, "asked for by the person");
    const erasing = appendEvents(read, [{ type: "data_erased", data }], clock.now());
    for (const record of erasing.events.slice(read.state.seq)) {
      await store.erase(read.id, read.state.seq, {
        replacements: [standIn],
        record,
        projection: projectionOf(erasing.state),
      });
    }
  }

  const anchored = await store.verify(thread.id, { seq: events, digest: head });
  await store.close();
  return { before: { ok, events, erased, problem }, anchored };
}

export async function removalExample(
  runtime: Runtime,
  threadId: ThreadId,
  officer: VerifiedPrincipal,
): Promise<void> {
  await runtime.erase(threadId, officer, { reason: "asked for by the person" });
  await runtime.delete(threadId);
}

export async function postgresExample() {
  const shared = await openPostgresStore("postgres://agents@db.example/agents", { schema: "twelvefold" });
  return shared;
}

export function contractExample({ describe, it }: TestRunner): void {
  storeContract({ describe, it }, "my store", async () => {
    const mine = createMemoryStore();
    return { store: mine, close: () => mine.close() };
  });
}
