import assert from "node:assert/strict";
import { randomThreadId } from "../../base/ids.ts";
import type { StoreTest } from "./runner.ts";
import { createThread, messages, numberEvents, project, startSample } from "./samples.ts";

export function raceContract(test: StoreTest): void {
  test("of many appends after the same event, one succeeds and the others say so", async (opened) => {
    const { store, reopen } = opened;
    const other = reopen === undefined ? store : await reopen();
    const id = await createThread(store);
    for (let seq = 1; seq <= 10; seq++) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 16 }, (_, index) =>
          (index % 2 === 0 ? store : other).append(id, seq, messages(seq, `writer ${index}`), {
            projection: project(),
          }),
        ),
      );
      assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") assert.equal(outcome.reason.code, "sequence_conflict");
      }
    }
    assert.equal((await store.read(id)).length, 11);
    assert((await other.verify(id)).ok);
  });

  test("a thread is created once, however many try", async ({ store }) => {
    const id = randomThreadId();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        store.append(id, 0, numberEvents(1, [startSample()]), { projection: project() }),
      ),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal((await store.read(id)).length, 1);
  });

  test("the same delivery many times at once is taken once", async ({ store, reopen }) => {
    const other = reopen === undefined ? store : await reopen();
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, index) => {
        const events = numberEvents(1, [startSample()]);
        const through = index % 2 === 0 ? store : other;
        return through.append(randomThreadId(), 0, events, { projection: project(), once: "mail 17" });
      }),
    );
    const taken = outcomes.filter(({ kind }) => kind === "appended");
    assert.equal(taken.length, 1);
    const [thread] = (await store.list()).threads;
    for (const outcome of outcomes) {
      if (outcome.kind === "duplicate") assert.equal(outcome.threadId, thread?.threadId);
    }
    assert.equal((await store.list()).threads.length, 1);
  });

  test("appends to many threads at once are all there, each refused one fails alone", async ({ store }) => {
    const ids = await Promise.all(Array.from({ length: 64 }, () => createThread(store)));
    const outcomes = await Promise.allSettled(
      ids.map((id, index) => {
        const expected = index % 4 === 3 ? 5 : 1;
        return store.append(id, expected, messages(expected, `text ${index}`), { projection: project() });
      }),
    );
    for (const [index, id] of ids.entries()) {
      const refused = index % 4 === 3;
      assert.equal(outcomes[index]?.status, refused ? "rejected" : "fulfilled");
      assert.equal((await store.read(id)).length, refused ? 1 : 2);
      assert((await store.verify(id)).ok);
    }
  });

  test("appends to one thread that follow each other without waiting keep their order", async ({ store }) => {
    const id = await createThread(store);
    const appends = Array.from({ length: 20 }, (_, index) =>
      store.append(id, index + 1, messages(index + 1, `text ${index}`), { projection: project() }),
    );
    await Promise.all(appends);
    const texts = (await store.read(id, 1)).map(
      (event) => event.type === "message_received" && event.data.text,
    );
    assert.deepEqual(
      texts,
      Array.from({ length: 20 }, (_, index) => `text ${index}`),
    );
  });
}
