import assert from "node:assert/strict";
import { randomThreadId } from "../../base/ids.ts";
import type { StoreTest } from "./runner.ts";
import { createThread, EPOCH, messages, project } from "./samples.ts";

export function leaseContract(test: StoreTest): void {
  test("the times to compare with may be fractions of a millisecond", async ({ store }) => {
    const id = await createThread(store);
    assert.equal(await store.claim(id, "me", 0.3, 101), true);
    assert.deepEqual(await store.renew("me", 1.5, 201), [id]);
    const claim = { owner: "me", past: 66.6667 };
    const appended = await store.append(id, 1, messages(1, "one"), { projection: project(), claim });
    assert.equal(appended.kind, "appended");
    assert.deepEqual(await store.due(300.25, 10), [id]);
    assert.equal(await store.setValue("v", "1", undefined, { expiresAt: 10 }), true);
    assert.equal(await store.forgetValues(11.5), 1);
  });

  test("one owner holds a thread until its time is over or it lets go", async ({ store, reopen }) => {
    const id = await createThread(store);
    const other = reopen === undefined ? store : await reopen();
    assert.equal(await store.claim(id, "a", 100, 200), true);
    assert.equal(await other.claim(id, "b", 199, 300), false);
    assert.equal(await store.claim(id, "a", 150, 250), true, "the owner may claim again");
    assert.equal(await other.claim(id, "b", 200, 300), false, "which extends its claim");
    assert.equal(await other.claim(id, "b", 250, 350), true, "its time is over");
    assert.equal(await store.claim(id, "a", 260, 400), false);
    await store.release(id, "a");
    assert.equal(await store.claim(id, "a", 270, 400), false, "only the owner can let go");
    await other.release(id, "b");
    assert.equal(await store.claim(id, "a", 280, 400), true);
    assert.equal(
      await store.claim(randomThreadId(), "a", 0, 1),
      false,
      "an unknown thread cannot be claimed",
    );
  });

  test("renewing extends what is still held and leaves out what others took", async ({ store }) => {
    const [first, second, third] = [
      await createThread(store),
      await createThread(store),
      await createThread(store),
    ];
    for (const id of [first, second]) await store.claim(id, "a", 0, 100);
    await store.claim(third, "b", 0, 100);
    assert.deepEqual(new Set(await store.renew("a", 50, 200)), new Set([first, second]));
    assert.equal(await store.claim(first, "b", 150, 300), false, "renewed");
    assert.equal(await store.claim(first, "b", 200, 300), true);
    assert.deepEqual(await store.renew("a", 210, 400), [second], "run out, but nobody took it");
    assert.equal(await store.claim(second, "b", 300, 500), false);
    assert.deepEqual(await store.renew("nobody", 0, 1), []);
  });

  test("an append that needs a claim changes nothing once the claim is lost or over", async ({
    store,
    reopen,
  }) => {
    const id = await createThread(store);
    const other = reopen === undefined ? store : await reopen();
    const append = (seq: number, owner: string, past: number) =>
      store.append(id, seq, messages(seq, "again"), {
        projection: project(),
        claim: { owner, past },
        once: `after ${seq}`,
      });
    const refused = { kind: "not_claimed" };
    assert.deepEqual(await append(1, "a", 100), refused, "nobody holds it");
    await store.claim(id, "a", 0, 200);
    assert.deepEqual(await append(1, "a", 199), { kind: "appended" });
    assert.deepEqual(await append(2, "a", 200), refused, "its time is over");
    assert.deepEqual(await append(2, "b", 100), refused, "another's");
    assert.equal(await other.claim(id, "b", 200, 400), true);
    assert.deepEqual(await append(2, "a", 100), refused, "taken over, though nothing was written");
    assert.deepEqual(await append(2, "b", 300), { kind: "appended" });
    await other.release(id, "b");
    assert.deepEqual(await append(3, "b", 300), refused, "let go of");
    assert.equal((await store.read(id)).length, 3);
    await store.append(id, 3, messages(3, "an answer"), { projection: project(), once: "after 3" });
  });

  test("a claim from before the clock was set back holds nobody up", async ({ store }) => {
    const day = 24 * 3_600_000;
    const id = await createThread(store, { projection: { wantsAdvance: true } });
    await store.claim(id, "a", EPOCH + day, EPOCH + day + 15_000);
    assert.deepEqual(await store.due(EPOCH, 10), [id]);
    assert.equal(await store.claim(id, "b", EPOCH, EPOCH + 15_000), true);
    assert.deepEqual(await store.due(EPOCH, 10), []);
    assert.equal(await store.claim(id, "a", EPOCH, EPOCH + 15_000), false, "b's is of now");
  });

  test("of many who claim a thread at the same time, one succeeds", async ({ store, reopen }) => {
    const other = reopen === undefined ? store : await reopen();
    for (let round = 0; round < 10; round++) {
      const id = await createThread(store);
      const claims = Array.from({ length: 16 }, (_, index) =>
        (index % 2 === 0 ? store : other).claim(id, `owner ${index}`, 0, 100),
      );
      assert.equal((await Promise.all(claims)).filter((won) => won).length, 1);
    }
  });

  test("due: what wants advancing or waking, unless somebody holds it, the longest waiting first", async ({
    store,
  }) => {
    const now = EPOCH + 100_000;
    const wanted = await createThread(store, { at: EPOCH + 50_000, projection: { wantsAdvance: true } });
    const sleeping = await createThread(store, { projection: { status: "awaiting_time", wakeAt: now } });
    const long = await createThread(store, { projection: { status: "awaiting_time", wakeAt: EPOCH + 10 } });
    const both = await createThread(store, {
      at: EPOCH + 60_000,
      projection: { wantsAdvance: true, wakeAt: EPOCH + 20, agent: "other" },
    });
    await createThread(store, { projection: { status: "awaiting_time", wakeAt: now + 1 } });
    await createThread(store, { projection: { status: "finished" } });
    assert.deepEqual(await store.due(now, 10), [long, both, wanted, sleeping]);
    assert.deepEqual(await store.due(now, 2), [long, both]);
    assert.deepEqual(await store.due(now, 10, ["sample"]), [long, wanted, sleeping]);
    assert.deepEqual(await store.due(now, 10, ["sample", "other"]), [long, both, wanted, sleeping]);
    assert.deepEqual(await store.due(now, 10, []), []);
    const left = { wantedBefore: EPOCH + 50_000 };
    assert.deepEqual(await store.due(now, 10, undefined, left), [long, both, wanted, sleeping]);
    const earlier = { wantedBefore: EPOCH + 49_999 };
    assert.deepEqual(await store.due(now, 10, undefined, earlier), [long, both, sleeping]);
    await store.claim(long, "a", now, now + 5);
    await store.claim(wanted, "a", now, now + 50);
    assert.deepEqual((await store.due(now + 4, 10)).slice(0, 2), [both, sleeping]);
    assert.equal((await store.due(now + 5, 10))[0], long, "its lease has run out");
    await store.append(both, 1, messages(1, "done"), {
      projection: project({ status: "finished", agent: "other" }),
    });
    assert(!(await store.due(now, 10)).includes(both));
  });

  test("a time that no date can hold is refused: nobody could read the claim again", async ({ store }) => {
    const id = await createThread(store);
    for (const until of [1e16, Number.NaN, Number.POSITIVE_INFINITY, 0.5]) {
      await assert.rejects(store.claim(id, "a", 0, until), { code: "invalid_argument" });
      await assert.rejects(store.renew("a", 0, until), { code: "invalid_argument" });
    }
    assert.equal(await store.claim(id, "b", 0, 100), true);
  });
}
