import pg from "pg";
import { describe, expect, it } from "vitest";
import type { ThreadId } from "../../src/base/ids.ts";
import type { Query } from "../../src/store/postgres/database.ts";
import { type Extension, extendInGroups } from "../../src/store/postgres/extend.ts";
import { createThread, messages, project } from "../../src/testing/store-contract/samples.ts";
import { temporaryPostgres } from "./postgres.ts";

function extension(key: number): Extension {
  const addition = { events: [], digests: [], projection: project() };
  return { before: { key, seq: 1, head: "00" }, addition, claim: undefined };
}

describe("appends to many PostgreSQL threads at once", { tags: "F5.9" }, () => {
  it("share statements: what comes while one is under way goes with the next", async () => {
    const groups: unknown[] = [];
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const query: Query = async (_sql, [keys] = []) => {
      groups.push(keys);
      await answered;
      return { rows: Array.isArray(keys) ? keys.map((key) => ({ key })) : [], count: 0 };
    };
    const extend = extendInGroups({ attempt: async (work) => ({ kind: "done", value: await work(query) }) });
    const first = [1, 2, 3].map((key) => extend(extension(key)));
    await expect.poll(() => groups).toEqual([[1, 2, 3]]);
    const second = [4, 5].map((key) => extend(extension(key)));
    answer();
    expect(await Promise.all([...first, ...second])).toEqual([true, true, true, true, true]);
    expect(groups).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it("do not wait for a thread that somebody holds locked, or that somebody else has extended", async () => {
    const { store, address, schema, close } = await temporaryPostgres();
    const other = new pg.Client({ connectionString: address });
    await other.connect();
    try {
      const ids = await Promise.all([1, 2, 3].map(() => createThread(store)));
      const [locked, overtaken, free] = ids;
      if (locked === undefined || overtaken === undefined || free === undefined)
        throw new Error("unreachable");
      const append = (id: ThreadId, seq: number) =>
        store.append(id, seq, messages(seq, "more"), { projection: project() });
      await other.query("BEGIN");
      await other.query(`SELECT 1 FROM ${schema}.threads WHERE id = $1 FOR UPDATE`, [locked]);
      await append(overtaken, 1);
      const waiting = append(locked, 1);
      const [late, done] = await Promise.allSettled([append(overtaken, 1), append(free, 1)]);
      expect(late).toMatchObject({ status: "rejected", reason: { code: "sequence_conflict" } });
      expect(done).toEqual({ status: "fulfilled", value: { kind: "appended" } });
      expect(await store.read(locked)).toHaveLength(1);
      await other.query("COMMIT");
      expect(await waiting).toEqual({ kind: "appended" });
      for (const id of ids) expect(await store.verify(id)).toMatchObject({ ok: true });
    } finally {
      await other.end();
      await close();
    }
  });
});
