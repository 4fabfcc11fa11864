import assert from "node:assert/strict";
import { randomThreadId, type ThreadId } from "../../base/ids.ts";
import type { ListFilter, ThreadStore } from "../../store/store.ts";
import type { StoreTest } from "./runner.ts";
import { createThread, EPOCH, messages, project } from "./samples.ts";

const MINUTE = 60_000;

export function listContract(test: StoreTest): void {
  test("a summary shows the latest projection and the times of the first and last event", async ({
    store,
  }) => {
    const parentThreadId = await createThread(store);
    const id = await createThread(store, { texts: ["one"] });
    const projection = project({
      agent: "other",
      status: "awaiting_event",
      title: "t\u0000 👩‍🚀",
      wantsAdvance: true,
      wakeAt: EPOCH + 5,
      pendingRequest: 2,
      awaitedEvent: "paid",
      parentThreadId,
    });
    await store.append(id, 2, messages(2, "two", "three"), { projection });
    assert.deepEqual(await store.summary(id), {
      ...projection,
      threadId: id,
      seq: 4,
      createdAt: "2026-01-01T00:00:00.000Z",
      updatedAt: "2026-01-01T00:00:03.000Z",
    });
    const unknown = randomThreadId();
    const together = await store.summaries([unknown, id, parentThreadId]);
    assert.deepEqual(
      together.filter(({ threadId }) => threadId === id),
      [await store.summary(id)],
    );
    assert.equal(
      together.some(({ threadId }) => threadId === unknown),
      false,
    );
    assert.deepEqual(await store.summaries([]), []);
  });

  test("lists show the newest first, page by page, each thread once", async ({ store }) => {
    const ids: ThreadId[] = [];
    // Two at a time, so that pages end between threads of the same time.
    for (let index = 0; index < 25; index++) {
      const at = EPOCH + Math.floor(index / 2) * MINUTE;
      const status = index % 3 === 0 ? "finished" : "running";
      ids.push(await createThread(store, { at, projection: { status } }));
    }
    assert.deepEqual(await pages(store, { limit: 4 }), ids.toReversed());
    assert.deepEqual(await pages(store, { limit: 25 }), ids.toReversed());
    assert.equal((await store.list({ limit: 25 })).next, null);
    assert.equal((await store.list()).threads.length, 25);
  });

  test("a list of old threads begins at their age, page by page", async ({ store }) => {
    const ids: ThreadId[] = [];
    for (let index = 0; index < 9; index++)
      ids.push(await createThread(store, { at: EPOCH + index * MINUTE }));
    for (const limit of [2, 50]) {
      assert.deepEqual(
        await pages(store, { limit, updatedBefore: EPOCH + 5 * MINUTE }),
        ids.slice(0, 5).toReversed(),
      );
    }
    assert.deepEqual(await pages(store, { updatedBefore: EPOCH }), []);
    assert.deepEqual((await pages(store, { updatedBefore: 9e15 })).length, 9);
    await assert.rejects(store.list({ updatedBefore: Number.NaN }), { code: "invalid_argument" });
  });

  test("a thread moves to the front when something happens to it", async ({ store }) => {
    const first = await createThread(store, { at: EPOCH });
    const second = await createThread(store, { at: EPOCH + MINUTE });
    const later = messages(1, "later").map((event) => ({ ...event, at: "2026-01-02T00:00:00.000Z" }));
    await store.append(first, 1, later, { projection: project() });
    assert.deepEqual(await pages(store, {}), [first, second]);
  });

  test("every filter, alone and with others, gives exactly the threads that fit", async ({ store }) => {
    const parent = await createThread(store, { projection: { agent: "parent", title: "Parent" } });
    const statuses = ["running", "awaiting_approval", "awaiting_event", "finished"] as const;
    for (let index = 0; index < 48; index++) {
      const status = statuses[index % 4] ?? "running";
      const text = index % 5 === 0 ? "Überweisung an Ada" : `task ${index}`;
      await createThread(store, {
        at: EPOCH + index * MINUTE,
        findable: [{ seq: 1, text }],
        projection: {
          agent: index % 3 === 0 ? "calculator" : "mail",
          status,
          title: text,
          pendingRequest: status === "awaiting_approval" || index % 16 === 0 ? 1 : null,
          awaitedEvent: status === "awaiting_event" ? (index % 8 === 2 ? "paid" : "sent") : null,
          parentThreadId: index % 7 === 0 ? parent : null,
        },
      });
    }
    const { threads: all } = await store.list({ limit: 1000 });
    assert.equal(all.length, 49);
    const parts: readonly ListFilter[] = [
      { agent: "calculator" },
      { agent: "nobody" },
      { status: ["awaiting_approval"] },
      { status: ["finished", "running", "running"] },
      { status: [] },
      { pending: true },
      { pending: false },
      { search: "übERweisung" },
      { search: "TASK 11" },
      { search: parent.toUpperCase() },
      { awaitedEvent: "paid" },
      { parentThreadId: parent },
    ];
    for (const one of parts) {
      for (const two of parts) {
        const filter = { ...one, ...two };
        const expected = all.filter((thread) => fits(filter, thread)).map(({ threadId }) => threadId);
        assert.deepEqual(await pages(store, { ...filter, limit: 5 }), expected, JSON.stringify(filter));
      }
    }
  });

  test("a field of a filter that is undefined leaves no thread out", async ({ store }) => {
    const threadId = await createThread(store);
    const nothing: Readonly<Record<keyof ListFilter, undefined>> = {
      agent: undefined,
      status: undefined,
      pending: undefined,
      search: undefined,
      awaitedEvent: undefined,
      parentThreadId: undefined,
      updatedBefore: undefined,
      limit: undefined,
      cursor: undefined,
    };
    const { threads } = await store.list(nothing);
    assert.deepEqual(
      threads.map((thread) => thread.threadId),
      [threadId],
    );
  });

  test("a malformed limit or cursor is refused", async ({ store }) => {
    for (const filter of [{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { cursor: "x" }, { cursor: "" }]) {
      await assert.rejects(store.list(filter), { code: "invalid_argument" });
    }
  });
}

async function pages(store: ThreadStore, filter: ListFilter): Promise<readonly ThreadId[]> {
  const ids: ThreadId[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page = await store.list(cursor === "" ? filter : { ...filter, cursor });
    assert(page.threads.length <= (filter.limit ?? 50));
    ids.push(...page.threads.map(({ threadId }) => threadId));
    cursor = page.next;
  }
  return ids;
}

function fits(
  filter: ListFilter,
  thread: Awaited<ReturnType<ThreadStore["list"]>>["threads"][number],
): boolean {
  const { agent, status, pending, search, awaitedEvent, parentThreadId } = filter;
  const words = `${thread.title}\n${thread.threadId}`.toLowerCase();
  return (
    (agent === undefined || thread.agent === agent) &&
    (status === undefined || status.includes(thread.status)) &&
    (pending !== true || thread.pendingRequest !== null) &&
    (search === undefined || words.includes(search.toLowerCase())) &&
    (awaitedEvent === undefined || thread.awaitedEvent === awaitedEvent) &&
    (parentThreadId === undefined || thread.parentThreadId === parentThreadId)
  );
}
