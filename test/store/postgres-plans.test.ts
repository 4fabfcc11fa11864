import pg from "pg";
import { afterEach, expect, it } from "vitest";
import type { Query } from "../../src/store/postgres/database.ts";
import { due } from "../../src/store/postgres/leases.ts";
import { listThreads } from "../../src/store/postgres/list.ts";
import type { ListFilter } from "../../src/store/store.ts";
import { createThread, EPOCH } from "../../src/testing/store-contract/samples.ts";
import { temporaryPostgres } from "./postgres.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

it("lists and due threads go along an index and sort nothing but a page, however many threads there are", {
  tags: ["F5.9", "F6.9"],
  timeout: 60_000,
}, async () => {
  const { store, address, schema, close } = await temporaryPostgres();
  cleanUps.push(close);
  const parentThreadId = await createThread(store, { projection: { wakeAt: EPOCH } });
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  cleanUps.push(() => client.end());
  await client.query(`SET search_path = ${schema}`);
  await client.query(
    `INSERT INTO threads (id, seq, head, created_at, updated_at, listed_at, agent, status, title, wake_at, pending_request,
       awaited_event)
     SELECT 'thr_' || n, 1, '', n, n, n, 'agent ' || n % 3,
       (ARRAY['running', 'finished', 'awaiting_approval', 'awaiting_event'])[1 + n % 4], 'title', n + 1000000,
       CASE WHEN n % 4 = 2 THEN 1 END, CASE WHEN n % 4 = 3 THEN 'event ' || n % 50 END
     FROM generate_series(1, 20000) AS n`,
  );
  await client.query("ANALYZE threads");

  const plans: string[] = [];
  const explained: Query = async (sql, values = []) => {
    const { rows } = await client.query({ text: `EXPLAIN ${sql}`, values: [...values], rowMode: "array" });
    plans.push(`${sql}\n${rows.flat().join("\n")}`);
    const result = await client.query(sql, [...values]);
    return { rows: result.rows, count: result.rowCount ?? 0 };
  };
  const filters: readonly ListFilter[] = [
    {},
    { agent: "agent 1" },
    { status: ["finished"] },
    { status: ["running"], agent: "agent 1" },
    { pending: true },
    { pending: true, agent: "agent 1" },
    { awaitedEvent: "event 3" },
    { parentThreadId },
    { search: "no such title" },
  ];
  for (const filter of filters) {
    await listThreads(explained, filter);
    await listThreads(explained, { ...filter, cursor: "10000.10000" });
  }
  await due(explained, { now: 2_000_000, limit: 10, agents: undefined });
  await due(explained, { now: 2_000_000, limit: 10, agents: ["agent 1"], wantedBefore: 1_999_000 });
  expect(plans.length).toBeGreaterThan(2 * filters.length);
  for (const plan of plans) {
    expect(plan).not.toContain("Seq Scan on threads");
    // What is due is sorted once more, the three short lists of it together.
    if (!plan.includes("AS waiting")) expect(plan).not.toMatch(/\bSort\b/);
  }
});
