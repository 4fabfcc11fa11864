import assert from "node:assert/strict";
import type { StoreTest } from "./runner.ts";
import { createThread, eraseMessages } from "./samples.ts";

export function valuesContract(test: StoreTest): void {
  test("a value is set only over the value that was expected", async ({ store, reopen }) => {
    assert.equal(await store.getValue("cursor"), undefined);
    assert.equal(await store.setValue("cursor", "1", "0"), false);
    assert.equal(await store.setValue("cursor", "1", undefined), true);
    assert.equal(await store.setValue("cursor", "2", undefined), false);
    assert.equal(await store.setValue("cursor", "2", "1"), true);
    assert.equal(await store.setValue("cursor", "", "2"), true);
    assert.equal(await store.getValue("cursor"), "");
    assert.equal(await store.getValue("another"), undefined);
    if (reopen !== undefined) assert.equal(await (await reopen()).getValue("cursor"), "");
  });

  test("what was set for a time can be forgotten after it, and nothing else is", async ({
    store,
    reopen,
  }) => {
    const other = reopen === undefined ? store : await reopen();
    await store.setValue("for ever", "1", undefined);
    await store.setValue("session", "1", undefined, { expiresAt: 100 });
    await store.setValue("prolonged", "1", undefined, { expiresAt: 100 });
    await other.setValue("prolonged", "2", "1", { expiresAt: 200 });
    await store.setValue("made lasting", "1", undefined, { expiresAt: 100 });
    await store.setValue("made lasting", "2", "1");
    assert.equal(await store.forgetValues(99), 0);
    assert.equal(await other.getValue("session"), "1");
    assert.equal(await store.forgetValues(100), 1);
    assert.equal(await other.getValue("session"), undefined);
    assert.equal(
      await store.setValue("session", "anew", undefined, { expiresAt: 150 }),
      true,
      "it can begin anew",
    );
    assert.equal(await store.forgetValues(1000), 2);
    assert.equal(await store.getValue("for ever"), "1");
    assert.equal(await store.getValue("made lasting"), "2");
    assert.equal(await store.getValue("prolonged"), undefined);
  });

  test("what says something about a thread goes with the thread, and nothing else does", async ({
    store,
    reopen,
  }) => {
    const other = reopen === undefined ? store : await reopen();
    const about = await createThread(store);
    const another = await createThread(store);
    await store.setValue("answer", "1", undefined, { about, expiresAt: 1000 });
    await store.setValue("answer about another", "1", undefined, { about: another });
    await store.setValue("was about it", "1", undefined, { about });
    await store.setValue("was about it", "2", "1");
    await store.setValue("cursor", "1", undefined);
    assert.equal(await other.getValue("answer"), "1");
    await store.delete(about);
    assert.equal(await other.getValue("answer"), undefined);
    for (const kept of ["answer about another", "was about it", "cursor"]) {
      assert.notEqual(await other.getValue(kept), undefined, kept);
    }
  });

  test("what was said in a thread goes when anything in it is erased, and what else is about it stays", async ({
    store,
  }) => {
    const about = await createThread(store, { texts: ["my secret"] });
    const another = await createThread(store);
    await store.setValue("content:of it", "my secret", undefined, { about, expiresAt: 1e12 });
    await store.setValue("content:of another", "1", undefined, { about: another });
    await store.setValue("answer", "1", undefined, { about });
    await eraseMessages(store, about, 2, [2]);
    assert.equal(await store.getValue("content:of it"), undefined);
    assert.equal(await store.getValue("content:of another"), "1");
    assert.equal(await store.getValue("answer"), "1");
  });

  test("a time that no date can hold is refused", async ({ store }) => {
    for (const expiresAt of [1e16, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(store.setValue("k", "v", undefined, { expiresAt }), { code: "invalid_argument" });
    }
    assert.equal(await store.getValue("k"), undefined);
  });

  test("of many who set a value at the same time, one succeeds", async ({ store }) => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.setValue("tick", String(index), undefined)),
    );
    assert.equal(outcomes.filter((won) => won).length, 1);
    assert.equal(await store.getValue("tick"), String(outcomes.indexOf(true)));
  });

  test("a closed store refuses everything with a clear error", async ({ store }) => {
    const pending = store.setValue("last", "kept", undefined);
    await store.close();
    assert.equal(await pending, true, "what was asked for before is done");
    await assert.rejects(store.getValue("last"), { code: "storage_failed", message: /closed/ });
    await assert.rejects(store.setValue("last", "x", undefined), {
      code: "storage_failed",
      message: /closed/,
    });
    await store.close();
  });
}
