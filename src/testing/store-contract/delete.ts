import assert from "node:assert/strict";
import type { StoreTest } from "./runner.ts";
import { createThread, EPOCH, message, messages, numberEvents, project, startSample } from "./samples.ts";

export function deleteContract(test: StoreTest): void {
  test("a deleted thread is gone with all that was kept about it, and its id can begin anew", async ({
    store,
  }) => {
    const id = await createThread(store, { texts: ["one"], once: "k", projection: { wantsAdvance: true } });
    const other = await createThread(store, { texts: ["stays"] });
    assert(await store.claim(id, "worker", 0, 1000));
    assert.equal(await store.delete(id), true);
    await assert.rejects(store.read(id), { code: "not_found" });
    assert.deepEqual(await store.due(EPOCH * 2, 10), []);
    assert.deepEqual(await store.renew("worker", 0, 1000), []);
    assert.deepEqual(
      (await store.list()).threads.map(({ threadId }) => threadId),
      [other],
    );
    const outcome = await store.append(id, 0, numberEvents(1, [startSample("anew")]), {
      projection: project(),
      once: "k",
    });
    assert.deepEqual(outcome, { kind: "appended" });
    assert.equal((await store.read(id)).length, 1);
    assert((await store.verify(id)).ok);
    assert.equal((await store.read(other)).length, 2);
  });

  test("a thread that another process deleted and began anew is not mixed up with the old one", async (opened) => {
    if (opened.reopen === undefined) return;
    const { store } = opened;
    const id = await createThread(store, { texts: ["old"] });
    const other = await opened.reopen();
    await other.delete(id);
    await createThread(other, { id, texts: ["new"] });
    await store.append(id, 2, messages(2, "more"), { projection: project() });
    assert.deepEqual(await other.read(id), numberEvents(1, [startSample(), message("new"), message("more")]));
    assert((await store.verify(id)).ok);
  });

  test("a thread that has changed since is not deleted where its number is named", async ({ store }) => {
    const id = await createThread(store, { texts: ["one"] });
    await assert.rejects(store.delete(id, 1), {
      code: "sequence_conflict",
      details: { threadId: id, expected: 1, actual: 2 },
    });
    assert.equal((await store.read(id)).length, 2);
    assert.equal(await store.delete(id, 2), true);
    assert.equal(await store.delete(id, 2), false);
  });
}
