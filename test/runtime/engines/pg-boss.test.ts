import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { openPgBossEngine } from "../../../src/runtime/engines/pg-boss.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { createThread, messages, project } from "../../../src/testing/store-contract/samples.ts";
import { temporaryPostgres } from "../../store/postgres.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function opened() {
  const temporary = await temporaryPostgres();
  cleanUps.push(temporary.close);
  const engine = await openPgBossEngine(temporary.store);
  cleanUps.push(() => engine.stop());
  const client = new pg.Client({ connectionString: temporary.address });
  await client.connect();
  cleanUps.push(() => client.end());
  const wakes = async (): Promise<readonly unknown[]> => {
    const { rows } = await client.query(`SELECT singleton_key FROM ${temporary.schema}_wakes.job ORDER BY 1`);
    return rows.map((row) => row.singleton_key);
  };
  return { ...temporary, engine, wakes };
}

describe("the engine on pg-boss", { tags: "E4", timeout: 60_000 }, () => {
  it("holds a wake for each change that was committed, and none for one that was not", async () => {
    const { store, engine, wakes } = await opened();
    const id = await createThread(store);
    const append = (seq: number, more: { once?: string; fail?: boolean } = {}) =>
      store.append(id, seq, messages(seq, "more"), {
        projection: project(),
        once: more.once,
        alongside: async (run) => {
          await engine.enqueue?.(id, run);
          if (more.fail === true) throw new Error("no");
        },
      });
    await expect(append(1, { fail: true })).rejects.toThrow("no");
    await expect(append(7)).rejects.toMatchObject({ code: "sequence_conflict" });
    expect(await store.read(id)).toHaveLength(1);
    expect(await wakes()).toEqual([]);
    await append(1, { once: "first" });
    expect(await wakes()).toEqual([id]);
    // The same change again, and another one before the wake is taken, leave it at one.
    expect(await append(1, { once: "first" })).toMatchObject({ kind: "duplicate" });
    await append(2);
    expect(await wakes()).toEqual([id]);
  });

  it("is refused for threads that are not in PostgreSQL", async () => {
    await expect(openPgBossEngine(createMemoryStore())).rejects.toMatchObject({
      code: "invalid_configuration",
      message: expect.stringContaining("needs a store that openPostgresStore opened"),
    });
  });
});
