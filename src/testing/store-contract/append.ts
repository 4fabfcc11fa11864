import assert from "node:assert/strict";
import { parseThreadId, randomThreadId } from "../../base/ids.ts";
import { fold } from "../../thread/fold.ts";
import type { StoreTest } from "./runner.ts";
import {
  createThread,
  EPOCH,
  eraseMessages,
  message,
  messages,
  numbered,
  projected,
  started,
} from "./samples.ts";

const STRANGE = [
  "",
  "\u0000 nul \u001f",
  "\ud800 lone",
  "emoji 👩‍🚀 \u2028",
  "'; DROP TABLE events; --",
  "x".repeat(100_000),
];

export function appendContract(test: StoreTest): void {
  test("the state is what the events give, whatever a store keeps of it", async ({ store, reopen }) => {
    const id = await createThread(store);
    for (let seq = 1; seq <= 4; seq++) {
      const before = fold(await store.read(id));
      const status = seq % 2 === 0 ? "finished" : "running";
      await store.append(id, seq, messages(seq, `message ${seq}`), projected({ status }), { before });
      assert.deepEqual(await store.state(id), fold(await store.read(id)));
    }
    await eraseMessages(store, id, 5, [2, 3, 4, 5]);
    const again = reopen === undefined ? store : await reopen();
    assert.deepEqual(await again.state(id), fold(await again.read(id)));
    assert(!JSON.stringify(await again.state(id)).includes("message 4"));
    await assert.rejects(again.state(randomThreadId()), { code: "not_found" });
  });

  test("events come back as they were appended, in order", async ({ store }) => {
    const id = await createThread(store, { texts: STRANGE });
    await store.append(id, STRANGE.length + 1, messages(STRANGE.length + 1, "one", "two"), projected());
    const expected = numbered(1, [started(), ...[...STRANGE, "one", "two"].map(message)]);
    assert.deepEqual(await store.read(id), expected);
    assert.deepEqual(await store.read(id, STRANGE.length + 2), expected.slice(-1));
    assert.deepEqual(await store.read(id, expected.length), []);
  });

  test("the order of keys, which is the order the model reads, is kept", async ({ store }) => {
    const payload = { zebra: 1, apple: { 10: "b", 9: "a", ["__proto__"]: 3 }, list: [null, 1.5e300, -0.1] };
    const event = { type: "event_received", data: { name: "n", source: "s", payload } } as const;
    const id = await createThread(store);
    const [appended] = numbered(2, [event]);
    assert(appended);
    await store.append(id, 1, [appended], projected());
    const [read] = await store.read(id, 1);
    assert.equal(JSON.stringify(read?.data), JSON.stringify(appended.data));
  });

  test("what is returned is not what was passed: nobody can change a stored event", async ({ store }) => {
    const tags = ["a"];
    const id = await createThread(store);
    const event = { type: "event_received", data: { name: "n", source: "s", payload: tags } } as const;
    await store.append(id, 1, numbered(2, [event]), projected());
    tags.push("b");
    const [read] = await store.read(id, 1);
    assert.deepEqual(read?.type === "event_received" && read.data.payload, ["a"]);
  });

  test("an append that expects another number changes nothing and says what the number is", async ({
    store,
  }) => {
    const id = await createThread(store, { texts: ["one"] });
    for (const expected of [0, 1, 3]) {
      const late = expected === 0 ? numbered(1, [started()]) : messages(expected, "late");
      await assert.rejects(store.append(id, expected, late, projected({ title: "late" })), {
        code: "sequence_conflict",
        details: { threadId: id, expected, actual: 2 },
      });
    }
    assert.equal((await store.read(id)).length, 2);
    assert.equal((await store.summary(id))?.title, "a sample thread");
    assert((await store.verify(id)).ok);
  });

  test("an unknown thread is not found", async ({ store }) => {
    const id = randomThreadId();
    const missing = { code: "not_found", details: { threadId: id } };
    await assert.rejects(store.read(id), missing);
    await assert.rejects(store.verify(id), missing);
    await assert.rejects(store.append(id, 1, messages(1, "x"), projected()), missing);
    assert.equal(await store.summary(id), undefined);
    assert.equal(await store.delete(id), false);
  });

  test("arguments that can never be right are refused and change nothing", async ({ store }) => {
    const id = await createThread(store);
    const wrong = { code: "invalid_argument" };
    const [event] = messages(1, "x");
    assert(event);
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    await assert.rejects(store.append(id, 1, messages(2, "gap"), projected()), wrong);
    await assert.rejects(store.append(id, 1, [{ ...event, v: 99 }], projected()), wrong);
    await assert.rejects(store.append(id, 1, [{ ...event, at: "yesterday" }], projected()), wrong);
    await assert.rejects(store.append(id, -1, messages(-1, "x"), projected()), wrong);
    await assert.rejects(store.append(randomThreadId(), 0, [], projected()), wrong);
    const unwritable = Object.assign({}, event, { data: cycle });
    await assert.rejects(store.append(id, 1, [unwritable], projected()), wrong);
    assert.equal((await store.read(id)).length, 1);
  });

  test("a summary shows the latest projection and the times of the first and last event", async ({
    store,
  }) => {
    const parentThreadId = await createThread(store);
    const id = await createThread(store, { texts: ["one"] });
    const projection = projected({
      agent: "other",
      status: "awaiting_event",
      title: "t\u0000 👩‍🚀",
      wantsAdvance: true,
      wakeAt: EPOCH + 5,
      pendingRequest: 2,
      awaitedEvent: "paid",
      parentThreadId,
    });
    await store.append(id, 2, messages(2, "two", "three"), projection);
    assert.deepEqual(await store.summary(id), {
      ...projection,
      threadId: id,
      seq: 4,
      createdAt: "2026-01-01T00:00:00.000Z",
      updatedAt: "2026-01-01T00:00:03.000Z",
    });
  });

  test("an append without events only writes the projection anew", async ({ store }) => {
    const id = await createThread(store, { texts: ["one"] });
    await store.append(id, 2, [], projected({ title: "rebuilt", status: "finished" }));
    const { title, status, seq, updatedAt } = (await store.summary(id)) ?? {};
    assert.deepEqual([title, status, seq, updatedAt], ["rebuilt", "finished", 2, "2026-01-01T00:00:01.000Z"]);
    await assert.rejects(store.append(id, 1, [], projected()), { code: "sequence_conflict" });
    assert((await store.verify(id)).ok);
  });

  test("a key is used once: the second append with it changes nothing and names the first", async ({
    store,
  }) => {
    const id = await createThread(store, { once: "delivery 1", texts: ["one"] });
    const other = await createThread(store);
    const first = { kind: "duplicate", threadId: id, seq: 2 };
    const again = { once: "delivery 1" };
    assert.deepEqual(await store.append(other, 1, messages(1, "x"), projected(), again), first);
    assert.deepEqual(await store.append(id, 2, messages(2, "x"), projected(), again), first);
    const stale = store.append(id, 0, numbered(1, [started()]), projected(), again);
    assert.deepEqual(await stale, first, "the key counts before the expected number");
    assert.equal((await store.read(id)).length, 2);
    assert.equal((await store.read(other)).length, 1);
  });

  test("a key is not used up by an append that was refused", async ({ store }) => {
    const id = await createThread(store);
    const append = (expected: number) =>
      store.append(id, expected, messages(expected, "x"), projected(), { once: "k" });
    await assert.rejects(append(7), { code: "sequence_conflict" });
    assert.deepEqual(await append(1), { kind: "appended" });
  });

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
    const outcome = await store.append(id, 0, numbered(1, [started("anew")]), projected(), { once: "k" });
    assert.deepEqual(outcome, { kind: "appended" });
    assert.equal((await store.read(id)).length, 1);
    assert((await store.verify(id)).ok);
    assert.equal((await store.read(other)).length, 2);
  });

  test("another process sees everything that was appended", async ({ store, reopen }) => {
    if (reopen === undefined) return;
    const id = await createThread(store, { texts: ["one"] });
    const other = await reopen();
    assert.deepEqual(await other.read(id), await store.read(id));
    await other.append(id, 2, messages(2, "two"), projected({ title: "from the other" }));
    await store.append(id, 3, messages(3, "three"), projected());
    await assert.rejects(other.append(id, 3, messages(3, "late"), projected()), {
      details: { threadId: id, expected: 3, actual: 4 },
    });
    assert.equal((await other.read(id)).length, 4);
    assert((await other.verify(id)).ok);
  });

  test("a thread that another process deleted and began anew is not mixed up with the old one", async (opened) => {
    if (opened.reopen === undefined) return;
    const { store } = opened;
    const id = await createThread(store, { texts: ["old"] });
    const other = await opened.reopen();
    await other.delete(id);
    await createThread(other, { id, texts: ["new"] });
    await store.append(id, 2, messages(2, "more"), projected());
    assert.deepEqual(await other.read(id), numbered(1, [started(), message("new"), message("more")]));
    assert((await store.verify(id)).ok);
  });

  test("ids of every allowed shape work", async ({ store }) => {
    for (const text of ["abcd", "A_-9".repeat(16), "0000"]) {
      const id = parseThreadId(text);
      assert(id);
      await createThread(store, { id });
      assert.equal((await store.read(id)).length, 1);
    }
  });
}
