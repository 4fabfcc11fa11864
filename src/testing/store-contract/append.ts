import assert from "node:assert/strict";
import { inspect } from "node:util";
import { parseThreadId, randomThreadId } from "../../base/ids.ts";
import { fold } from "../../thread/fold.ts";
import type { StoreTest } from "./runner.ts";
import {
  createThread,
  eraseMessages,
  message,
  messages,
  numberEvents,
  project,
  startSample,
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
      await store.append(id, seq, messages(seq, `message ${seq}`), {
        projection: project({ status }),
        before,
      });
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
    await store.append(id, STRANGE.length + 1, messages(STRANGE.length + 1, "one", "two"), {
      projection: project(),
    });
    const expected = numberEvents(1, [startSample(), ...[...STRANGE, "one", "two"].map(message)]);
    assert.deepEqual(await store.read(id), expected);
    assert.deepEqual(await store.read(id, STRANGE.length + 2), expected.slice(-1));
    assert.deepEqual(await store.read(id, expected.length), []);
  });

  test("the order of keys, which is the order the model reads, is kept", async ({ store }) => {
    const payload = { zebra: 1, apple: { 10: "b", 9: "a", ["__proto__"]: 3 }, list: [null, 1.5e300, -0.1] };
    const event = { type: "event_received", data: { name: "n", source: "s", payload } } as const;
    const id = await createThread(store);
    const [appended] = numberEvents(2, [event]);
    assert(appended);
    await store.append(id, 1, [appended], { projection: project() });
    const [read] = await store.read(id, 1);
    assert.equal(JSON.stringify(read?.data), JSON.stringify(appended.data));
  });

  test("what is returned is not what was passed: nobody can change a stored event", async ({ store }) => {
    const tags = ["a"];
    const id = await createThread(store);
    const event = { type: "event_received", data: { name: "n", source: "s", payload: tags } } as const;
    await store.append(id, 1, numberEvents(2, [event]), { projection: project() });
    tags.push("b");
    const [read] = await store.read(id, 1);
    assert.deepEqual(read?.type === "event_received" && read.data.payload, ["a"]);
  });

  test("an append that expects another number changes nothing and says what the number is", async ({
    store,
  }) => {
    const id = await createThread(store, { texts: ["one"] });
    for (const expected of [0, 1, 3]) {
      const late = expected === 0 ? numberEvents(1, [startSample()]) : messages(expected, "late");
      await assert.rejects(store.append(id, expected, late, { projection: project({ title: "late" }) }), {
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
    await assert.rejects(store.append(id, 1, messages(1, "x"), { projection: project() }), missing);
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
    await assert.rejects(store.append(id, 1, messages(2, "gap"), { projection: project() }), wrong);
    await assert.rejects(store.append(id, 1, [{ ...event, v: 99 }], { projection: project() }), wrong);
    await assert.rejects(
      store.append(id, 1, [{ ...event, at: "yesterday" }], { projection: project() }),
      wrong,
    );
    await assert.rejects(store.append(id, -1, messages(-1, "x"), { projection: project() }), wrong);
    await assert.rejects(store.append(randomThreadId(), 0, [], { projection: project() }), wrong);
    const unwritable = Object.assign({}, event, { data: cycle });
    await assert.rejects(store.append(id, 1, [unwritable], { projection: project() }), wrong);
    assert.equal((await store.read(id)).length, 1);
  });

  test("what could not be read again is not written", async ({ store }) => {
    const id = await createThread(store, { texts: ["one"] });
    const [event] = messages(2, "x");
    assert(event);
    const { data } = event;
    const wrong: readonly (readonly [object, object])[] = [
      [{ type: "mind_read" }, {}],
      [{ data: { text: 5n, from: {} } }, {}],
      [{ data: { ...data, text: undefined } }, {}],
      [{ data: { ...data, from: "ada" } }, {}],
      [{ data: [] }, {}],
      [{ data: null }, {}],
      [{ at: "+275760-09-13T00:00:00.001Z" }, {}],
      [{ type: "request_escalated", data: { request: Number.NaN, to: [] } }, {}],
      ...[1e16, -1e16, Number.NaN, Number.POSITIVE_INFINITY, 0.5].map((wakeAt) => [{}, { wakeAt }] as const),
      [{}, { pendingRequest: 0 }],
      [{}, { pendingRequest: Number.NaN }],
      [{}, { status: "mind_reading" }],
      [{}, { title: undefined }],
      [{}, { agent: 7 }],
      [{}, { awaitedEvent: {} }],
      [{}, { parentThreadId: "no id" }],
    ];
    for (const [ofEvent, ofProjection] of wrong) {
      const events = [Object.assign({}, event, ofEvent)];
      const projection = Object.assign(project(), ofProjection);
      const append = store.append(id, 2, events, { projection, once: "k" });
      await assert.rejects(append, { code: "invalid_argument" }, inspect([ofEvent, ofProjection]));
    }
    assert.equal((await store.read(id)).length, 2);
    assert.deepEqual((await store.list()).unreadable, []);
    assert.equal((await store.summary(id))?.seq, 2);
    const last = { wakeAt: 8_640_000_000_000_000, status: "awaiting_time" } as const;
    await store.append(id, 2, messages(2, "x"), { projection: project(last), once: "k" });
    assert.equal((await store.list()).threads[0]?.wakeAt, last.wakeAt);
  });

  test("an append without events only writes the projection anew", async ({ store }) => {
    const id = await createThread(store, { texts: ["one"] });
    await store.append(id, 2, [], { projection: project({ title: "rebuilt", status: "finished" }) });
    const { title, status, seq, updatedAt } = (await store.summary(id)) ?? {};
    assert.deepEqual([title, status, seq, updatedAt], ["rebuilt", "finished", 2, "2026-01-01T00:00:01.000Z"]);
    await assert.rejects(store.append(id, 1, [], { projection: project() }), {
      code: "sequence_conflict",
    });
    assert((await store.verify(id)).ok);
  });

  test("a key is used once: the second append with it changes nothing and names the first", async ({
    store,
  }) => {
    const id = await createThread(store, { once: "delivery 1", texts: ["one"] });
    const other = await createThread(store);
    const first = { kind: "duplicate", threadId: id, seq: 2 };
    const again = { once: "delivery 1" };
    assert.deepEqual(
      await store.append(other, 1, messages(1, "x"), { projection: project(), ...again }),
      first,
    );
    assert.deepEqual(await store.append(id, 2, messages(2, "x"), { projection: project(), ...again }), first);
    const stale = store.append(id, 0, numberEvents(1, [startSample()]), { projection: project(), ...again });
    assert.deepEqual(await stale, first, "the key counts before the expected number");
    assert.equal((await store.read(id)).length, 2);
    assert.equal((await store.read(other)).length, 1);
  });

  test("a key is not used up by an append that was refused", async ({ store }) => {
    const id = await createThread(store);
    const append = (expected: number) =>
      store.append(id, expected, messages(expected, "x"), { projection: project(), once: "k" });
    await assert.rejects(append(7), { code: "sequence_conflict" });
    assert.deepEqual(await append(1), { kind: "appended" });
  });

  test("another process sees everything that was appended", async ({ store, reopen }) => {
    if (reopen === undefined) return;
    const id = await createThread(store, { texts: ["one"] });
    const other = await reopen();
    assert.deepEqual(await other.read(id), await store.read(id));
    await other.append(id, 2, messages(2, "two"), { projection: project({ title: "from the other" }) });
    await store.append(id, 3, messages(3, "three"), { projection: project() });
    await assert.rejects(other.append(id, 3, messages(3, "late"), { projection: project() }), {
      details: { threadId: id, expected: 3, actual: 4 },
    });
    assert.equal((await other.read(id)).length, 4);
    assert((await other.verify(id)).ok);
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
