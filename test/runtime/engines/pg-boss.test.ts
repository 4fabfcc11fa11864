import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { openPgBossEngine } from "../../../src/runtime/engines/pg-boss.ts";
import { tellOnce } from "../../../src/runtime/engines/tell-once.ts";
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

  it("tells of an outage once, in words that name the database, however often its queue meets it", () => {
    const told: unknown[] = [];
    const onError = tellOnce("agents at db.example", (error) => told.push(error));
    onError(Object.assign(new Error("terminating connection"), { code: "57P01" }));
    // As pg-boss passes errors on: copied into plain objects.
    onError({ code: "ECONNREFUSED", message: "connect ECONNREFUSED 127.0.0.1:5432", queue: "wake" });
    onError({ message: "Connection terminated unexpectedly", queue: "wake" });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      code: "engine_failed",
      message:
        "the database agents at db.example failed: it is down, restarting or out of reach (terminating connection)",
    });
    onError({ code: "25006", message: "cannot execute UPDATE in a read-only transaction" });
    onError({ code: "25006", message: "cannot execute UPDATE in a read-only transaction" });
    expect(told.slice(1)).toEqual([
      expect.objectContaining({
        code: "storage_failed",
        message: expect.stringContaining("connect to the primary"),
      }),
    ]);
  });

  it("is refused for threads that are not in PostgreSQL", async () => {
    await expect(openPgBossEngine(createMemoryStore())).rejects.toMatchObject({
      code: "invalid_configuration",
      message: expect.stringContaining("needs a store that openPostgresStore opened"),
    });
  });
});
