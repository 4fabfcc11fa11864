import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { copySqliteToPostgres } from "../../src/store/postgres/copy-from-sqlite.ts";
import { createThread, eraseMessages, messages, project } from "../../src/testing/store-contract/samples.ts";
import { temporaryPostgres } from "./postgres.ts";
import { temporaryStore } from "./temporary.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function places() {
  const from = await temporaryStore();
  const to = await temporaryPostgres();
  cleanUps.push(from.close, to.close);
  const copy = (more: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {}) =>
    copySqliteToPostgres(from.path, to.address, { schema: to.schema, now: Date.now(), ...more });
  return { from, to, copy };
}

describe("moving threads from a file into PostgreSQL", { tags: ["F5.9", "F5.8"], timeout: 60_000 }, () => {
  it("copies every thread byte for byte, with keys and values, and each chain verifies", async () => {
    const { from, to, copy } = await places();
    const ids = [];
    for (let index = 0; index < 120; index++) {
      const title = index === 0 ? "NUL \u0000 and \\u0000" : `thread ${index}`;
      ids.push(
        await createThread(from.store, {
          texts: ["one", "zwei \u0000 👩‍🚀"],
          projection: { title },
          once: `key ${index}`,
        }),
      );
    }
    const [first] = ids;
    if (first === undefined) return;
    await eraseMessages(from.store, first, 3, [2]);
    await from.store.setValue("cursor", "17", undefined, { about: first });
    const progress: number[] = [];
    expect(await copy({ onProgress: (done) => progress.push(done) })).toEqual({ threads: 120, values: 1 });
    expect(progress).toEqual([100, 120]);
    for (const id of ids) {
      expect(await to.store.read(id)).toEqual(await from.store.read(id));
      expect(await to.store.summary(id)).toEqual(await from.store.summary(id));
      const { head } = await from.store.verify(id);
      expect(await to.store.verify(id)).toMatchObject({ ok: true, head });
    }
    expect(await to.store.getValue("cursor")).toBe("17");
    const again = await to.store.append(first, 4, messages(4, "again"), {
      projection: project(),
      once: "key 5",
    });
    expect(again.kind).toBe("duplicate");
    await to.store.append(first, 4, messages(4, "and on"), { projection: project() });
    expect(await to.store.verify(first)).toMatchObject({ ok: true, events: 5 });
  });

  it("refuses a file that is not there, and makes none", async () => {
    const { from, to } = await places();
    const missing = `${from.path}.misspelt`;
    const copied = copySqliteToPostgres(missing, to.address, { schema: to.schema, now: Date.now() });
    await expect(copied).rejects.toThrow(`there is no file ${missing} to copy from`);
    const misnamed = copySqliteToPostgres(from.path, to.address, { schema: 'a"; DROP', now: Date.now() });
    await expect(misnamed).rejects.toMatchObject({
      code: "invalid_configuration",
      message: expect.stringContaining("schema is a name of lower-case letters"),
    });
    expect(existsSync(missing)).toBe(false);
  });

  it("goes on where an interrupted copy ended", async () => {
    const { from, to, copy } = await places();
    const long = await createThread(from.store);
    const many = Array.from({ length: 2_100 }, (_, index) => messages(1 + index, "more")).flat();
    await from.store.append(long, 1, many, { projection: project() });
    for (let index = 1; index < 230; index++) await createThread(from.store);
    const stop = new AbortController();
    const stopped = copy({ signal: stop.signal, onProgress: () => stop.abort(new Error("interrupted")) });
    await expect(stopped).rejects.toThrow("interrupted");
    expect((await to.store.list({ limit: 1000 })).threads).toHaveLength(100);
    const progress: number[] = [];
    await copy({ onProgress: (done) => progress.push(done) });
    expect(progress).toEqual([200, 230]);
    expect((await to.store.list({ limit: 1000 })).threads).toHaveLength(230);
    expect(await to.store.verify(long)).toMatchObject({ ok: true, events: 2_101 });
    expect(await to.store.getValue("copy")).toBeUndefined();
  });

  it("refuses a target that holds threads, a source at work, one that changed, and one that does not verify", async () => {
    const { from, to, copy } = await places();
    const id = await createThread(from.store, { texts: ["one"] });
    await from.store.claim(id, "worker", Date.now(), Date.now() + 10_000);
    await expect(copy()).rejects.toThrow(/1 thread of the source is being worked on/);
    await from.store.release(id, "worker");
    const other = await createThread(to.store);
    await expect(copy()).rejects.toThrow(
      new RegExp(`the target, schema ${to.schema} of .*, holds threads: copy into an empty schema`),
    );
    await to.store.delete(other);
    const file = new DatabaseSync(from.path);
    file.exec("UPDATE events SET data = replace(data, 'one', 'two')");
    file.close();
    await expect(copy()).rejects.toThrow(/does not verify/);
    expect((await to.store.list()).threads).toEqual([]);
    const client = new pg.Client({ connectionString: to.address });
    await client.connect();
    await client.query(`INSERT INTO ${to.schema}.named_values (name, value) VALUES ('copy', '{"source":"x","done":0}')
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
    await client.end();
    await createThread(to.store);
    await expect(copy()).rejects.toThrow(/part of another source/);
  });
});
