import assert from "node:assert/strict";
import type { ThreadId } from "../../base/ids.ts";
import type { SearchText } from "../../base/search-words.ts";
import type { ListFilter, ThreadProjection, ThreadStore } from "../../store/store.ts";
import type { StoreTest } from "./runner.ts";
import { createThread, EPOCH, eraseMessages, messages, project } from "./samples.ts";

const MINUTE = 60_000;

export function searchContract(test: StoreTest): void {
  test("threads are found by the words that their events say, as soon as they are stored", async ({
    store,
  }) => {
    const cake = await threadThatSays(store, [
      "Überweisung an Ada, Auftrag A-1020",
      "late delivery of the cake",
    ]);
    const wine = await threadThatSays(store, ["refund the wine", "退款申请 已批准", "late, no delivery"]);
    const find = async (search: string) =>
      (await store.list({ search })).threads.map(({ threadId }) => threadId);
    const both = [wine, cake];
    for (const [search, wanted] of [
      ["cake", [cake]],
      ["CAKE deliv", [cake]],
      ["uberweisung ada", [cake]],
      ["ÜBERWEISUNG", [cake]],
      ["a-1020", [cake]],
      ["1020", [cake]],
      ["102", [cake]],
      ["A-10", [cake]],
      ["10", []],
      ["refund delivery", [wine]],
      ["refund cake", []],
      ['"late delivery"', [cake]],
      ["late delivery", both],
      ["deliver", both],
      ['"deliver"', []],
      ["elivery", []],
      ["退款", [wine]],
      ["已批准 refund", [wine]],
      ["款退", []],
      ["?", []],
      ['"', []],
      ["%", []],
      ["* OR cake", []],
      ["", both],
      ["   ", both],
    ] as const) {
      assert.deepEqual(await find(search), wanted, search);
    }
  });

  test("threads are found by the beginning of their id, and by the id of a request", async ({ store }) => {
    const one = await threadThatSays(store, ["one"]);
    const two = await threadThatSays(store, ["two"]);
    for (const search of [one, `${one}.2`, one.toUpperCase(), one.slice(0, 14), `${one} one`]) {
      assert.deepEqual(await pages(store, { search }), [one], search);
    }
    assert.deepEqual(await pages(store, { search: `${one} two` }), []);
    assert.deepEqual((await pages(store, { search: "thr_" })).toSorted(), [one, two].toSorted());
    assert.deepEqual((await store.list({ search: one })).hits, []);
  });

  test("a hit is the latest text with most of the words", async ({ store }) => {
    const id = await threadThatSays(store, ["a refund for Ada", "a refund", "Ada wants a refund", "thanks"]);
    assert.deepEqual((await store.list({ search: "ada refund" })).hits, [
      { threadId: id, seq: 4, text: "Ada wants a refund" },
    ]);
    assert.deepEqual(
      (await store.list({ search: "refu" })).hits.map(({ seq }) => seq),
      [4],
    );
    assert.deepEqual((await store.list()).hits, []);
  });

  test("what is found comes newest first, page by page, within any filter", async ({ store }) => {
    const all: { readonly id: ThreadId; readonly wanted: boolean }[] = [];
    for (let index = 0; index < 60; index++) {
      const status = index % 3 === 0 ? "finished" : "running";
      const projection = { status, agent: index % 2 === 0 ? "mail" : "sample" } as const;
      const id = await threadThatSays(store, [`order ${index}`, index % 5 === 0 ? "rare find" : "usual"], {
        at: EPOCH + Math.floor(index / 2) * MINUTE,
        projection,
      });
      all.push({ id, wanted: index % 5 === 0 });
    }
    const ids = all.toReversed();
    const find = async (filter: ListFilter) => pages(store, { limit: 4, ...filter });
    assert.deepEqual(
      await find({ search: "order" }),
      ids.map(({ id }) => id),
    );
    assert.deepEqual(
      await find({ search: "order rare" }),
      ids.filter(({ wanted }) => wanted).map(({ id }) => id),
    );
    const fits = (index: number) => index % 5 === 0 && index % 3 === 0 && index % 2 === 0;
    const few = all.filter((_, index) => fits(index)).map(({ id }) => id);
    assert.deepEqual(await find({ search: "rare", status: ["finished"], agent: "mail" }), few.toReversed());
    assert.deepEqual(await find({ search: "rare", updatedBefore: EPOCH + 10 * MINUTE }), found3(all));
  });

  test("erased events and deleted threads are found no more", async ({ store }) => {
    const id = await threadThatSays(store, ["my name is Zebedee", "order A-1020"], {
      projection: { status: "finished" },
    });
    const other = await threadThatSays(store, ["Zebedee again"], { projection: { status: "finished" } });
    await eraseMessages(store, id, 3, [2]);
    assert.deepEqual(await pages(store, { search: "zebedee" }), [other]);
    assert.deepEqual(await pages(store, { search: "a-1020" }), [id]);
    assert.equal(await store.delete(other), true);
    assert.deepEqual(await pages(store, { search: "zebedee" }), []);
    assert.deepEqual((await store.unindexed(["sample"], 10)).threads, [{ threadId: id, after: 3 }]);
  });

  test("what was stored without texts is found once it is indexed, with what came meanwhile", async ({
    store,
  }) => {
    const old = await createThread(store, { texts: ["an old tale"] });
    const gap = await threadThatSays(store, ["first"]);
    await store.append(gap, 2, messages(2, "second"), { projection: project() });
    await store.append(gap, 3, messages(3, "third"), {
      projection: project(),
      texts: [{ seq: 4, text: "third" }],
    });
    assert.deepEqual(await pages(store, { search: "third" }), []);
    const { threads, count } = await store.unindexed(["sample", "other"], 10);
    assert.equal(count, 2);
    assert.deepEqual(
      threads.toSorted((a, b) => a.after - b.after),
      [
        { threadId: old, after: 0 },
        { threadId: gap, after: 2 },
      ],
    );
    assert.equal((await store.unindexed(["sample"], 1)).threads.length, 1);
    assert.deepEqual(await store.unindexed(["other"], 10), { threads: [], count: 0 });
    assert.equal((await store.unindexed(["sample", "other"], 0, 1)).count, 1);
    const projection = project({ subject: "a tale", tokens: 99, requester: null });
    const texts = [{ seq: 2, text: "an old tale" }];
    assert.equal(await store.index(old, { after: 0, seq: 1, texts, projection }), false);
    assert.equal(await store.index(old, { after: 1, seq: 2, texts, projection }), false);
    assert.equal(await store.index(old, { after: 0, seq: 2, texts, projection }), true);
    assert.equal(await store.index(old, { after: 0, seq: 2, texts, projection }), false);
    const rest = [3, 4].map((seq) => ({ seq, text: seq === 3 ? "second" : "third" }));
    assert.equal(await store.index(gap, { after: 2, seq: 4, texts: rest, projection: project() }), true);
    assert.deepEqual(await pages(store, { search: "old tale" }), [old]);
    assert.deepEqual(await pages(store, { search: "first second third" }), [gap]);
    const { subject, tokens, requester } = (await store.summary(old)) ?? {};
    assert.deepEqual({ subject, tokens, requester }, { subject: "a tale", tokens: 99, requester: null });
    await store.append(old, 2, messages(2, "more"), { projection, texts: [{ seq: 3, text: "more" }] });
    assert.deepEqual(await pages(store, { search: "more tale" }), [old]);
    assert.equal((await store.unindexed(["sample"], 10)).count, 0);
  });
}

function found3(all: readonly { readonly id: ThreadId }[]): readonly ThreadId[] {
  return all
    .filter((_, index) => index % 5 === 0 && index < 20)
    .map(({ id }) => id)
    .toReversed();
}

/** A thread whose messages can be found. */
async function threadThatSays(
  store: ThreadStore,
  texts: readonly string[],
  {
    at = EPOCH,
    projection = {},
  }: { readonly at?: number; readonly projection?: Partial<ThreadProjection> } = {},
): Promise<ThreadId> {
  const findable: SearchText[] = texts.map((text, index) => ({ seq: index + 2, text }));
  return createThread(store, { texts, at, projection, findable });
}

async function pages(store: ThreadStore, filter: ListFilter): Promise<readonly ThreadId[]> {
  const ids: ThreadId[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.list(cursor === null ? filter : { ...filter, cursor });
    ids.push(...page.threads.map(({ threadId }) => threadId));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
}
