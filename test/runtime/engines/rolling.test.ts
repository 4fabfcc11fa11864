import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { verifiedBy } from "../../../src/humans/principal.ts";
import { createRuntime } from "../../../src/runtime/runtime.ts";
import { plannedAgent } from "../../../src/testing/engine-contract/agent.ts";
import { temporaryPostgres } from "../../store/postgres.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const ada = verifiedBy("test", "ada");

describe("an old worker beside a newer one, on one database", {
  tags: ["E4", "F12.4"],
  timeout: 60_000,
}, () => {
  it.each([
    ["of a type that it does not know", "type = 'telepathy_felt'", /telepathy_felt/],
    ["of a version that it does not know", "v = 99", /version 99/],
  ])(
    "refuses a thread with an event %s, says so, leaves it as it is and goes on with the others",
    async (_, change, said) => {
      const { store, address, schema, close } = await temporaryPostgres();
      cleanUps.push(close);
      const { agent, ran } = plannedAgent();
      const newer = createRuntime({ agents: [agent], store, worker: false });
      const launch = async () =>
        (await newer.launch({ agent: "planned", input: { message: "work done", from: ada } })).threadId;
      const [strange, plain] = [await launch(), await launch()];
      const client = new pg.Client({ connectionString: address });
      await client.connect();
      cleanUps.push(() => client.end());
      await client.query(
        `UPDATE ${schema}.events SET ${change} WHERE seq = 2 AND thread = (SELECT key FROM ${schema}.threads WHERE id = $1)`,
        [strange],
      );
      const rows = async () =>
        (
          await client.query(`SELECT * FROM ${schema}.thread_events WHERE thread = $1 ORDER BY seq`, [
            strange,
          ])
        ).rows;
      const before = await rows();
      const older = createRuntime({ agents: [agent], store, sweepMs: 20 });
      cleanUps.push(() => older.stop());
      const problems: string[] = [];
      older.subscribe((seen) => {
        if (seen.kind === "problem" && seen.threadId === strange) problems.push(String(seen.error));
      });
      older.start();
      expect((await older.settled(plain)).state.status.kind).toBe("finished");
      await expect.poll(() => problems).toContainEqual(expect.stringMatching(said));
      expect(ran).toHaveLength(1);
      expect(await rows()).toEqual(before);
      expect((await store.list()).threads).toHaveLength(2);
    },
  );
});
