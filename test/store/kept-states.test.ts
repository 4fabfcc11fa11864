import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { randomThreadId, type ThreadId } from "../../src/base/ids.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { nodeSqlite } from "../../src/store/sqlite/node-sqlite.ts";
import type { SqliteDriver } from "../../src/store/sqlite/port.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { erasureData } from "../../src/thread/chain.ts";
import type { NewEvent, ThreadEvent } from "../../src/thread/events.ts";
import { fold } from "../../src/thread/fold.ts";
import { decodeState, encodeState, stateDigest } from "../../src/thread/kept-state.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, startThread, type Thread, threadOf } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";
import { walk, walks } from "../thread/random-events.ts";
import { temporaryStore } from "./temporary.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Each case writes files: continuous integration tries many, but not as many as where nothing is written. */
const MOST_RUNS = 1_000;

const textOf = (value: unknown) => canonicalJson(toJson(value));
const ada = { channel: "terminal", id: "ada" };
const said = (text: string): NewEvent => ({ type: "message_received", data: { text, from: ada } });

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function newStore(driver?: SqliteDriver) {
  const temporary = await temporaryStore(driver === undefined ? {} : { driver });
  cleanUps.push(temporary.close);
  return temporary;
}

/** Appends what the thread has beyond `from`, as a worker or a change does. */
async function write(store: ThreadStore, from: Thread, to: Thread): Promise<void> {
  const before = from.state.seq === 0 ? {} : { before: from.state };
  const events = to.events.slice(from.events.length);
  await store.append(to.id, from.state.seq, events, { projection: projectionOf(to.state), ...before });
}

/** Replaces a message and records it. */
async function eraseMessage(store: ThreadStore, thread: Thread, seq: number): Promise<Thread> {
  const message = thread.events[seq - 1];
  if (message?.type !== "message_received") return thread;
  const standIn: ThreadEvent = { ...message, data: { ...message.data, text: "(erased)" } };
  const data = erasureData([standIn], ada, "asked for");
  const erased = appendEvents(thread, [{ type: "data_erased", data }], Date.parse(thread.state.updatedAt));
  const [record] = erased.events.slice(-1);
  if (record === undefined) return thread;
  await store.erase(thread.id, thread.state.seq, {
    replacements: [standIn],
    record,
    projection: projectionOf(erased.state),
  });
  return threadOf(thread.id, await store.read(thread.id));
}

/** A thread of so many messages and answers, at rest. */
async function longThread(store: ThreadStore, turns: number, id = randomThreadId()): Promise<Thread> {
  let thread = startThread({ agent: "long" }, 0, id);
  await write(store, threadOf(id, []), thread);
  for (let turn = 1; turn <= turns; turn++) {
    const asked = appendEvents(thread, [said(`question ${turn} of ${id}`)], turn);
    const answered = appendEvents(asked, [{ type: "finished", data: { result: `answer ${turn}` } }], turn);
    await write(store, thread, asked);
    await write(store, asked, answered);
    thread = answered;
  }
  return thread;
}

const rowsOf = (path: string, sql = "SELECT * FROM thread_states") => {
  const database = new DatabaseSync(path);
  const rows = database.prepare(sql).all();
  database.close();
  return rows;
};

describe("the state that the SQLite store keeps of a thread", () => {
  it("is what fold gives, after every append and erasure of any thread", { tags: "F5.1" }, async () => {
    const { store, path } = await newStore();
    await fc.assert(
      fc.asyncProperty(walks, fc.array(fc.nat(9), { minLength: 1 }), async (numbers, cuts) => {
        const id = randomThreadId();
        const { events } = walk(numbers);
        let thread = threadOf(id, []);
        for (let step = 0; thread.state.seq < events.length; step++) {
          const cut = cuts[step % cuts.length] ?? 0;
          const next = threadOf(id, events.slice(0, thread.state.seq + 1 + (cut % 5)));
          await write(store, thread, next);
          thread = next;
          expect(textOf(await store.state(id))).toBe(textOf(thread.state));
        }
        thread = await eraseMessage(store, thread, (cuts[0] ?? 0) + 1);
        expect(textOf(await store.state(id))).toBe(textOf(fold(await store.read(id))));
        expect(await store.verify(id)).toMatchObject({ ok: true });
      }),
      { numRuns: Math.min(propertyRuns(60), MOST_RUNS) },
    );
    expect(rowsOf(path).length).toBeGreaterThan(10);
  });

  it("spares reading the thread: a long one costs what a short one does", { tags: "F5.1" }, async () => {
    let read = 0;
    const counting: SqliteDriver = (path) => {
      const database = nodeSqlite(path);
      return {
        ...database,
        prepare(sql) {
          const statement = database.prepare(sql);
          return {
            ...statement,
            all: (...values) => {
              const rows = statement.all(...values);
              read += rows.length;
              return rows;
            },
          };
        },
      };
    };
    const { store } = await newStore(counting);
    const rowsRead = async (turns: number): Promise<number> => {
      const { id } = await longThread(store, turns);
      read = 0;
      await store.state(id);
      return read;
    };
    const short = await rowsRead(3);
    expect(await rowsRead(300)).toBeLessThanOrEqual(short);
  });

  it("is kept while a thread runs as well, once in a while", { tags: "F5.1" }, async () => {
    const { store, path } = await newStore();
    let thread = await longThread(store, 1);
    for (let step = 0; step < 300; step++) {
      const next = appendEvents(thread, [said(`step ${step}`)], step);
      await write(store, thread, next);
      thread = next;
    }
    const [row] = rowsOf(path);
    expect(row?.["seq"]).toBe(255);
    expect(textOf(await store.state(thread.id))).toBe(textOf(thread.state));
  });

  it("never holds what people are asked, nor what they decided and nobody has done", { tags: "F7.7" }, () => {
    fc.assert(
      fc.property(walks, (numbers) => {
        walk(numbers, ({ state }) => {
          const open = state.request !== null || state.calls.some(({ phase }) => phase.kind === "approved");
          const text = encodeState(state);
          expect(text === undefined).toBe(open);
          if (text !== undefined) expect(textOf(decodeState(text))).toBe(textOf(state));
          // Nor is it believed where somebody has put it in.
          if (open) expect(decodeState(JSON.stringify(state))).toBeUndefined();
        });
      }),
      { numRuns: Math.min(propertyRuns(200), MOST_RUNS) },
    );
    for (const text of ["", "{", "null", "[]", "3", '{"seq":3}']) expect(decodeState(text)).toBeUndefined();
  });

  it("is too long to be kept where it holds a very long result", { tags: "F5.1" }, () => {
    const result = "x".repeat(100_000);
    const { state } = appendEvents(
      startThread({ agent: "a" }, 0),
      [{ type: "finished", data: { result } }],
      0,
    );
    expect(encodeState(state)).toBeUndefined();
  });
});

describe("a kept state that somebody has changed", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["another text", `state = replace(state, '"agent":"long"', '"agent":"other"')`],
    ["a text that ends a thread", `state = replace(state, '"ended":{', '"ended":null,"was":{')`],
    ["no JSON", "state = 'approved'"],
    ["a later number", "seq = seq + 1"],
    ["an earlier number", "seq = seq - 1"],
    ["a number that is not there", "seq = 999999"],
    ["another version", "fold = fold + 1"],
    ["another event", "head = zeroblob(32)"],
    ["no digest", "digest = zeroblob(32)"],
  ];

  it.each(cases)("is not used: %s", { tags: ["F5.1", "F5.8"] }, async (_, change) => {
    const { store, path, reopen } = await newStore();
    const thread = await longThread(store, 3);
    await store.close();
    const database = new DatabaseSync(path);
    expect(database.prepare(`UPDATE thread_states SET ${change}`).run().changes).toBe(1);
    database.close();
    const again = await reopen();
    expect(textOf(await again.state(thread.id))).toBe(textOf(thread.state));
    expect(await again.verify(thread.id)).toMatchObject({ ok: true });
  });

  it("is not used for another thread, nor after its events were changed", { tags: "F5.8" }, async () => {
    const { store, path } = await newStore();
    const one = await longThread(store, 3);
    const other = await longThread(store, 3);
    const database = new DatabaseSync(path);
    database.exec(`CREATE TEMP TABLE copy AS SELECT * FROM thread_states;
      UPDATE thread_states SET (seq, head, state, digest) =
        (SELECT seq, head, state, digest FROM copy WHERE copy.thread != thread_states.thread)`);
    expect(textOf(await store.state(one.id))).toBe(textOf(one.state));
    database.exec("UPDATE events SET digest = zeroblob(32)");
    database.close();
    expect(textOf(await store.state(other.id))).toBe(textOf(other.state));
    expect(await store.verify(other.id)).toMatchObject({ ok: false });
  });

  it("with a digest to match is found by verify", { tags: "F5.8" }, async () => {
    const { store, path } = await newStore();
    const { id } = await longThread(store, 3);
    expect(await store.verify(id)).toMatchObject({ ok: true });
    forge(path, id, (text) => text.replace('"agent":"long"', '"agent":"other"'));
    expect((await store.state(id)).agent).toBe("other");
    expect(await store.verify(id)).toMatchObject({
      ok: false,
      problem: {
        seq: 6,
        kind: "changed",
        message: expect.stringContaining("does not follow from the events"),
      },
    });
  });

  it("with a digest to match that the events do not follow is not used", { tags: "F5.8" }, async () => {
    const { store, path } = await newStore();
    const { id, state } = await longThread(store, 3);
    const changes = [
      (text: string) => text.replace('"ended":null', '"ended":{"kind":"cancelled"}'),
      (text: string) => text.replace('"calls":[]', '"calls":3'),
      (text: string) => text.replace('"calls":[]', '"calls":[null]'),
      () => "[]",
    ];
    let original: string | undefined;
    for (const change of changes) {
      forge(path, id, (text) => {
        original ??= text;
        return change(original);
      });
      expect(textOf(await store.state(id))).toBe(textOf(state));
    }
  });
});

/** Somebody who can write to the file and knows how the digest is made. */
function forge(path: string, id: ThreadId, change: (text: string) => string): void {
  const database = new DatabaseSync(path);
  const row = database.prepare("SELECT seq, hex(head) AS head, state FROM thread_states").get();
  const text = change(String(row?.["state"]));
  expect(text).not.toBe(row?.["state"]);
  const digest = stateDigest(id, Number(row?.["seq"]), String(row?.["head"]).toLowerCase(), text);
  database.prepare("UPDATE thread_states SET state = ?, digest = ?").run(text, Buffer.from(digest, "hex"));
  database.close();
}

describe("a kept state and erasure", () => {
  const secret = "ada@example.org, born 1815-12-10";

  it("goes with what is erased, and with a thread that is deleted", { tags: "F5.10" }, async () => {
    const { store, path } = await newStore();
    let thread = await longThread(store, 1);
    const asked = appendEvents(thread, [said(secret)], 5);
    await write(store, thread, asked);
    thread = appendEvents(asked, [{ type: "finished", data: { result: "noted" } }], 6);
    await write(store, asked, thread);
    expect(String(rowsOf(path)[0]?.["state"])).toContain(secret);
    await eraseMessage(store, thread, 4);
    expect(rowsOf(path)).toEqual([]);
    expect(textOf(await store.state(thread.id))).not.toContain("1815");
    const other = await longThread(store, 3);
    expect(rowsOf(path)).toHaveLength(1);
    await store.delete(other.id);
    expect(rowsOf(path)).toEqual([]);
    await store.close();
    const bytes = await readFile(path, "latin1");
    expect(bytes).not.toContain("1815");
    expect(bytes).not.toContain(other.id);
  });
});
