import assert from "node:assert/strict";
import type { StoreTest } from "./runner.ts";
import { createThread, eraseMessages, message, messages, numberEvents, OFFICER, project } from "./samples.ts";

const SECRET = "ada@example.org, born 1815-12-10";

export function chainContract(test: StoreTest): void {
  test("an untouched thread verifies, and its head names everything before", async ({ store }) => {
    const id = await createThread(store, { texts: ["one", "two"] });
    const before = await store.verify(id);
    assert.equal(before.ok, true);
    assert.deepEqual([before.events, before.erased, before.problem], [3, 0, undefined]);
    assert.match(before.head, /^[0-9a-f]{64}$/);
    await store.append(id, 3, messages(3, "three"), { projection: project() });
    const after = await store.verify(id, { seq: 3, digest: before.head });
    assert(after.ok);
    assert.notEqual(after.head, before.head);
    const copy = await createThread(store, { texts: ["one", "two"] });
    assert.notEqual((await store.verify(copy)).head, before.head, "no two threads share a chain");
  });

  test("an anchor that the chain does not lead through is found", async ({ store }) => {
    const id = await createThread(store, { texts: ["one"] });
    const { head } = await store.verify(id);
    const moved = await store.verify(id, { seq: 1, digest: head });
    assert.deepEqual([moved.ok, moved.problem?.seq, moved.problem?.kind], [false, 1, "changed"]);
    const cut = await store.verify(id, { seq: 9, digest: head });
    assert.deepEqual([cut.ok, cut.problem?.seq, cut.problem?.kind], [false, 3, "dropped"]);
  });

  test("erased data is gone and the chain still verifies", async ({ store, reopen }) => {
    const id = await createThread(store, { texts: ["one", SECRET, "three"] });
    const { head } = await store.verify(id);
    await eraseMessages(store, id, 4, [3]);
    assert(!JSON.stringify(await store.read(id)).includes("1815"));
    const [, , third] = await store.read(id);
    assert(third?.type === "message_received");
    assert.deepEqual([third.seq, third.data.text], [3, "(erased)"]);
    const { title, status, seq } = (await store.summary(id)) ?? {};
    assert.deepEqual([title, status, seq], ["erased", "finished", 5]);
    const verified = await store.verify(id, { seq: 4, digest: head });
    assert.deepEqual([verified.ok, verified.events, verified.erased], [true, 5, 1]);
    await store.append(id, 5, messages(5, "it goes on"), { projection: project() });
    await eraseMessages(store, id, 6, [3, 6]);
    const again = await (reopen === undefined ? store : await reopen()).verify(id, { seq: 4, digest: head });
    assert.deepEqual([again.ok, again.events, again.erased], [true, 7, 2]);
  });

  test("an erasure that does not fit is refused and changes nothing", async ({ store }) => {
    const id = await createThread(store, { texts: [SECRET] });
    const wrong = { code: "invalid_argument" };
    await assert.rejects(eraseMessages(store, id, 5, [2]), { code: "sequence_conflict" });
    await assert.rejects(eraseMessages(store, id, 2, [1]), wrong, "another type");
    await assert.rejects(eraseMessages(store, id, 2, [2, 2]), wrong, "twice the same");
    await assert.rejects(eraseMessages(store, id, 2, [3]), wrong, "the record itself");
    const [standIn] = numberEvents(2, [message("(erased)")]);
    const [unsigned] = numberEvents(3, [
      { type: "data_erased", data: { seqs: [2], by: OFFICER, reason: "r" } },
    ]);
    assert(standIn && unsigned);
    await assert.rejects(
      store.erase(id, 2, { replacements: [standIn], record: unsigned, projection: project() }),
      wrong,
      "no digests",
    );
    const [other] = numberEvents(3, [message("x")]);
    assert(other);
    await assert.rejects(
      store.erase(id, 2, { replacements: [standIn], record: other, projection: project() }),
      wrong,
      "no record",
    );
    assert(JSON.stringify(await store.read(id)).includes("1815"));
    assert.deepEqual((await store.verify(id)).events, 2);
  });
}
