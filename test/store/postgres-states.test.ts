import fc from "fast-check";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { randomThreadId } from "../../src/base/ids.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import type { NewEvent } from "../../src/thread/events.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, startThread, type Thread, threadOf } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";
import { walk, walks } from "../thread/random-events.ts";
import { temporaryPostgres } from "./postgres.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const textOf = (value: unknown) => canonicalJson(toJson(value));
const ada = { channel: "terminal", id: "ada" };
const said = (text: string): NewEvent => ({ type: "message_received", data: { text, from: ada } });

async function opened() {
  const temporary = await temporaryPostgres();
  cleanUps.push(temporary.close);
  const client = new pg.Client({ connectionString: temporary.address });
  await client.connect();
  cleanUps.push(() => client.end());
  await client.query(`SET search_path = ${temporary.schema}`);
  return { ...temporary, client };
}

async function write(store: ThreadStore, from: Thread, to: Thread): Promise<void> {
  const before = from.state.seq === 0 ? undefined : from.state;
  const events = to.events.slice(from.events.length);
  await store.append(to.id, from.state.seq, events, { projection: projectionOf(to.state), before });
}

/** A thread of so many messages and answers, at rest; a few appends only. */
async function longThread(store: ThreadStore, turns: number): Promise<Thread> {
  let thread = startThread({ agent: "long" }, 0, randomThreadId());
  await write(store, threadOf(thread.id, []), thread);
  const many = Array.from({ length: turns }, (_, turn) => said(`message ${turn}`));
  for (const events of [many, [said("and")], [{ type: "finished", data: { result: "done" } } as const]]) {
    const next = appendEvents(thread, events, 1);
    await write(store, thread, next);
    thread = next;
  }
  return thread;
}

describe("the state that the PostgreSQL store keeps of a thread", { tags: "F5.1", timeout: 60_000 }, () => {
  it("is what fold gives, after every append of any thread", async () => {
    const { store, client } = await opened();
    await fc.assert(
      fc.asyncProperty(walks, fc.array(fc.nat(9), { minLength: 1 }), async (numbers, cuts) => {
        const id = randomThreadId();
        const { events } = walk(numbers);
        let thread = threadOf(id, []);
        for (let step = 0; thread.state.seq < events.length; step++) {
          const next = threadOf(
            id,
            events.slice(0, thread.state.seq + 1 + ((cuts[step % cuts.length] ?? 0) % 5)),
          );
          await write(store, thread, next);
          thread = next;
          expect(textOf(await store.state(id))).toBe(textOf(thread.state));
        }
        expect(await store.verify(id)).toMatchObject({ ok: true });
      }),
      { numRuns: Math.min(propertyRuns(10), 100) },
    );
    expect((await client.query("SELECT * FROM thread_states")).rowCount).toBeGreaterThan(0);
  });

  it("spares reading a long thread: of 5,000 events a few are read", async () => {
    const { store, client } = await opened();
    const { id, state } = await longThread(store, 5_000);
    const { rows } = await client.query(
      "SELECT s.seq FROM thread_states s JOIN threads t ON t.key = s.thread WHERE t.id = $1",
      [id],
    );
    expect(state.seq - rows[0]?.seq).toBeLessThanOrEqual(2);
    expect(textOf(await store.state(id))).toBe(textOf(state));
  });

  it.each([
    ["another text", `state = replace(state, '"agent":"long"', '"agent":"other"')`],
    ["no JSON", "state = 'approved'"],
    ["a later number", "seq = seq + 1"],
    ["a number that is not there", "seq = 999999"],
    ["another version", "fold = fold + 1"],
    ["another event", `head = decode(repeat('00', 32), 'hex')`],
  ])("is not used where somebody has changed it: %s", async (_, change) => {
    const { store, client } = await opened();
    const { id, state } = await longThread(store, 3);
    expect((await client.query(`UPDATE thread_states SET ${change}`)).rowCount).toBe(1);
    expect(textOf(await store.state(id))).toBe(textOf(state));
    expect(await store.verify(id)).toMatchObject({ ok: true });
  });

  it("goes with what is erased, and with a thread that is deleted", async () => {
    const { store, client } = await opened();
    const kept = async () =>
      (await client.query("SELECT count(*)::integer AS n FROM thread_states")).rows[0].n;
    const { id } = await longThread(store, 3);
    expect(await kept()).toBe(1);
    await store.delete(id);
    expect(await kept()).toBe(0);
  });

  it("tables of the version before are brought up to date", async () => {
    const { store, client, address, schema } = await opened();
    const { id, state } = await longThread(store, 3);
    await client.query(
      "DROP TABLE thread_states, search_texts; ALTER TABLE threads DROP COLUMN subject, DROP COLUMN requester, DROP COLUMN tokens, DROP COLUMN searchable, DROP COLUMN unindexed; DELETE FROM schema_version WHERE version > 1",
    );
    const again = await openPostgresStore(address, { schema });
    cleanUps.push(() => again.close());
    expect(textOf(await again.state(id))).toBe(textOf(state));
    expect(await again.verify(id)).toMatchObject({ ok: true });
  });
});
