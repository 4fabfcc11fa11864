import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { openPostgresStore, type PostgresStoreOptions } from "../../src/store/postgres/open.ts";
import { createThread, eraseMessages, messages, project } from "../../src/testing/store-contract/samples.ts";
import { temporaryPostgres } from "./postgres.ts";
import { startProxy } from "./postgres-proxy.ts";
import { sharedPostgres, startPostgres } from "./postgres-server.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const failed = (message: RegExp) => ({ code: "storage_failed", message: expect.stringMatching(message) });

async function opened(options: PostgresStoreOptions = {}) {
  const temporary = await temporaryPostgres(options);
  cleanUps.push(temporary.close);
  return temporary;
}

async function query(address: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A store that is reached through a proxy. */
async function proxied(options: PostgresStoreOptions = {}) {
  const { address, schema, store: direct } = await opened();
  const proxy = await startProxy(address);
  cleanUps.push(proxy.close);
  const store = await openPostgresStore(proxy.address, { schema, connections: 1, ...options });
  cleanUps.push(() => store.close());
  return { proxy, store, direct };
}

describe("opening a PostgreSQL store", { timeout: 60_000 }, () => {
  it("options that cannot be are refused, and no password is shown", { tags: "F5.9" }, async () => {
    const address = "postgres://ada:s3cret@127.0.0.1:1/db";
    const wrong: readonly (readonly [string, PostgresStoreOptions])[] = [
      [address, { schema: "A" }],
      [address, { schema: "a;b" }],
      [address, { schema: "pg_x" }],
      [address, { connections: 0 }],
      [address, { connections: 1.5 }],
      [address, { patience: -1 }],
      [address, { patience: Number.POSITIVE_INFINITY }],
      ["threads.db", {}],
      ["mysql://ada:s3cret@host/db", {}],
      [`${address}?options=-c%20x=1`, {}],
    ];
    for (const [where, options] of wrong) {
      const opening = openPostgresStore(where, options);
      await expect(opening).rejects.toMatchObject({ code: "invalid_configuration" });
      await expect(opening).rejects.not.toThrow(/s3cret/);
    }
    const down = openPostgresStore(address, { patience: 0 });
    await expect(down).rejects.toMatchObject(
      failed(/^the database db at 127.0.0.1:1 failed: nothing listens there/),
    );
    await expect(down).rejects.not.toThrow(/s3cret|ada/);
  });

  it("a schema of another program or of a newer version is refused", { tags: "F5.9" }, async () => {
    const address = await sharedPostgres();
    await query(address, "CREATE SCHEMA shop", "CREATE TABLE shop.orders (id integer)");
    await expect(openPostgresStore(address, { schema: "shop" })).rejects.toMatchObject(
      failed(/schema shop .* tables of another program/),
    );
    const { schema } = await opened();
    await query(address, `INSERT INTO ${schema}.schema_version VALUES (99, now())`);
    await expect(openPostgresStore(address, { schema })).rejects.toMatchObject(
      failed(/newer version \(tables of version 99; this one knows \d+\)/),
    );
  });
});

describe("a PostgreSQL server in trouble", { timeout: 60_000 }, () => {
  it("that is down, read-only or out of connections gives a clear error, and the store goes on afterwards", {
    tags: "F5.9",
  }, async () => {
    const server = await startPostgres();
    cleanUps.push(server.remove);
    const store = await openPostgresStore(server.address, { patience: 0, connections: 3 });
    cleanUps.push(() => store.close());
    const id = await createThread(store, { texts: ["one"] });
    await server.stop("SIGQUIT");
    await expect(store.read(id)).rejects.toMatchObject(
      failed(/failed: it is down, restarting or out of reach/),
    );
    await server.start({ default_transaction_read_only: "on" });
    const append = () => store.append(id, 2, messages(2, "two"), { projection: project() });
    await expect
      .poll(() => append().catch((error: unknown) => error))
      .toMatchObject(failed(/it is read-only/));
    expect(await store.read(id)).toHaveLength(2);
    await server.stop();
    await server.start({ max_connections: "4", superuser_reserved_connections: "0" });
    const taken = Array.from({ length: 8 }, () => new pg.Client({ connectionString: server.address }));
    for (const client of taken) client.on("error", () => {});
    await Promise.allSettled(taken.map((client) => client.connect()));
    await expect
      .poll(() => store.read(id).catch((error: unknown) => error))
      .toMatchObject(failed(/no connection left/));
    await Promise.allSettled(taken.map((client) => client.end()));
    await expect.poll(() => append().catch((error: unknown) => error)).toEqual({ kind: "appended" });
    expect((await store.verify(id)).ok).toBe(true);
  });

  it("that stays away for a second is told of once", { tags: "F12.5" }, async () => {
    const server = await startPostgres();
    cleanUps.push(server.remove);
    const outages: string[] = [];
    const onOutage = ({ message }: Error) => outages.push(message);
    const store = await openPostgresStore(server.address, { onOutage, patience: 1_500 });
    cleanUps.push(() => store.close());
    for (let round = 1; round <= 2; round++) {
      await server.stop();
      const lists = await Promise.allSettled([store.list(), store.list()]);
      expect(lists.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      expect(outages).toHaveLength(round);
      await server.start();
      await store.list();
    }
    expect(outages[0]).toMatch(/^the database postgres at .* failed: it is down, restarting or out of reach/);
  });

  it("that is started again within the patience of a call is not noticed", { tags: "F12.5" }, async () => {
    const server = await startPostgres();
    cleanUps.push(server.remove);
    const store = await openPostgresStore(server.address);
    cleanUps.push(() => store.close());
    const id = await createThread(store);
    await server.stop();
    const calls = Promise.all([
      store.append(id, 1, messages(1, "one"), { projection: project() }),
      store.claim(id, "me", 0, 100),
      store.list(),
      store.setValue("k", "v", undefined),
    ]);
    await server.start();
    expect(await calls).toMatchObject([{ kind: "appended" }, true, {}, true]);
    expect(await store.read(id)).toHaveLength(2);
  });
});

describe("a connection that breaks before the answer comes", { timeout: 60_000 }, () => {
  it("an append that was done is not done again", { tags: ["F12.5", "F12.4"] }, async () => {
    const { proxy, store, direct } = await proxied();
    const id = await createThread(store, { texts: ["one"] });
    for (let seq = 2; seq < 5; seq++) {
      proxy.loseAnswer(1);
      const outcome = await store.append(id, seq, messages(seq, `number ${seq}`), {
        projection: project(),
      });
      expect(outcome).toEqual({ kind: "appended" });
      expect(await direct.read(id)).toHaveLength(seq + 1);
    }
    expect((await direct.verify(id)).ok).toBe(true);
    expect(await store.append(id, 5, messages(5, "and on"), { projection: project() })).toEqual({
      kind: "appended",
    });
  });

  it("a key is used once, whichever answer of its transaction is lost", { tags: "F11.6" }, async () => {
    // BEGIN, the key, the lock, the events, COMMIT.
    for (const lost of [1, 2, 3, 4, 5]) {
      const { proxy, store, direct } = await proxied();
      const id = await createThread(store);
      proxy.loseAnswer(lost);
      const options = { projection: project(), once: "delivery" };
      expect(await store.append(id, 1, messages(1, "one"), options)).toEqual({ kind: "appended" });
      expect(await direct.read(id)).toHaveLength(2);
      expect(await store.append(id, 2, messages(2, "again"), options)).toMatchObject({
        kind: "duplicate",
        seq: 2,
      });
    }
  });

  it("an erasure is done once; a value that may be another's is told", {
    tags: ["F5.10", "F12.4"],
  }, async () => {
    const { proxy, store, direct } = await proxied();
    const id = await createThread(store, { texts: ["secret", "a", "b", "c", "d", "e"] });
    // BEGIN, the lock, what is there, the stand-in, the record, COMMIT.
    for (const lost of [1, 2, 3, 4, 5, 6]) {
      proxy.loseAnswer(lost);
      await eraseMessages(store, id, 6 + lost, [1 + lost]);
      expect(await direct.verify(id)).toMatchObject({ ok: true, events: 7 + lost, erased: lost });
    }
    proxy.loseAnswer(1);
    await expect(store.setValue("cursor", "1", undefined)).rejects.toMatchObject(
      failed(/the connection was lost/),
    );
    expect(await direct.getValue("cursor")).toBe("1");
    proxy.loseAnswer(1);
    expect(await store.claim(id, "me", 0, 100)).toBe(true);
  });

  it("a connection that stands still counts as lost, and nothing is done twice", {
    tags: ["F12.5", "F12.4"],
  }, async () => {
    const { proxy, store, direct } = await proxied({ answerWithin: 500 });
    const id = await createThread(store);
    proxy.cut();
    const append = store.append(id, 1, messages(1, "one"), { projection: project() });
    const claim = store.claim(id, "me", 0, 100);
    await new Promise((resolve) => proxy.onNextConnection(() => resolve(proxy.mend())));
    expect(await append).toEqual({ kind: "appended" });
    expect(await claim).toBe(true);
    expect(await direct.read(id)).toHaveLength(2);
  });

  it("an append that the server still does when it is asked again is not done twice", {
    tags: ["F12.5", "F12.4"],
  }, async () => {
    const { address, schema, store: direct } = await opened();
    const proxy = await startProxy(address);
    cleanUps.push(proxy.close);
    const store = await openPostgresStore(proxy.address, { schema, connections: 1 });
    cleanUps.push(() => store.close());
    const id = await createThread(store, { texts: ["one"] });
    const holder = new pg.Client({ connectionString: address });
    await holder.connect();
    await holder.query(`BEGIN; SELECT * FROM ${schema}.threads FOR UPDATE`);
    const append = store.append(id, 2, messages(2, "two"), { projection: project() });
    // It waits for the lock when its connection breaks; so does the second attempt.
    await expect.poll(() => waiting(address), { timeout: 10_000 }).toBe(1);
    proxy.breakConnections();
    await expect.poll(() => waiting(address), { timeout: 10_000 }).toBe(2);
    await holder.query("COMMIT");
    await holder.end();
    expect(await append).toEqual({ kind: "appended" });
    expect(await direct.read(id)).toHaveLength(3);
    expect(await store.append(id, 3, messages(3, "three"), { projection: project() })).toEqual({
      kind: "appended",
    });
    expect((await direct.verify(id)).ok).toBe(true);
  });
});

/** How many statements about threads wait for a lock. Within a transaction the server would always say the same. */
async function waiting(address: string): Promise<number> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  const { rows } = await client.query(
    "SELECT count(*)::integer AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%threads%'",
  );
  await client.end();
  return rows[0].waiting;
}

describe("a row of the table of threads that was damaged", () => {
  it.each([
    ["a time that no date holds", "wake_at = 9223372036854775807", /wake_at/],
    ["a creation beyond all dates", "created_at = -9000000000000000", /created_at/],
    ["a status that this version does not know", "status = 'mind_reading'", /mind_reading/],
    ["a parent that is no id", "parent_id = 'x'", /parent_id should hold a thread id/],
  ] as const)("%s is told beside the others", { tags: ["F6.2", "S9"] }, async (_, change, problem) => {
    const { store, address, schema } = await opened();
    const whole = await createThread(store);
    const id = await createThread(store);
    await query(address, `UPDATE ${schema}.threads SET ${change} WHERE id = '${id}'`);
    const page = await store.list();
    expect(page.threads.map(({ threadId }) => threadId)).toEqual([whole]);
    expect(page.unreadable).toEqual([{ threadId: id, problem: expect.stringMatching(problem) }]);
  });
});

it("texts that PostgreSQL cannot hold come back as they were", { tags: "F5.9" }, async () => {
  const { store } = await opened();
  for (const title of ["\u0000", "a\\u0000b\\", "\ud800 lone \udc00", "C:\\temp\\new", "\\\\", "👩‍🚀"]) {
    const id = await createThread(store, { projection: { title, agent: title }, once: title });
    expect(await store.summary(id)).toMatchObject({ title, agent: title });
    expect((await store.list({ agent: title })).threads).toHaveLength(1);
    await store.setValue(title, title, undefined);
    expect(await store.getValue(title)).toBe(title);
  }
});
