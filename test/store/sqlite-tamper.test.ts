import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { createThread, eraseMessages, messages, project } from "../../src/testing/store-contract/samples.ts";
import { contentDigest, genesisDigest, linkDigest } from "../../src/thread/chain.ts";
import { temporaryStore } from "./temporary.ts";

/** Changes a file behind the store's back. `at(seq)` is the id of an event's row. */
type Tamper = (database: DatabaseSync, at: (seq: number) => number) => void;

/** A thread of seven events (1 to 7; 3 is erased, 6 records it), changed by hand, then verified through a new store. */
async function verifiedAfter(tamper: Tamper, anchored = false) {
  const temporary = await temporaryStore();
  try {
    const id = await createThread(temporary.store, { texts: ["one", "two", "three", "four"] });
    await eraseMessages(temporary.store, id, 5, [3]);
    await temporary.store.append(id, 6, messages(6, "six"), { projection: project() });
    const before = await temporary.store.verify(id);
    expect(before).toMatchObject({ ok: true, events: 7, erased: 1 });
    await temporary.store.close();

    const database = new DatabaseSync(temporary.path);
    const row = database.prepare("SELECT key FROM threads WHERE id = ?").get(id);
    tamper(database, (seq) => Number(row?.key) * 2 ** 20 + seq);
    database.close();

    const store = await temporary.reopen();
    const verification = await store.verify(id, anchored ? { seq: 7, digest: before.head } : undefined);
    return { verification, store, id, close: temporary.close };
  } catch (error) {
    await temporary.close();
    throw error;
  }
}

const move = (database: DatabaseSync, from: number, to: number) =>
  database.prepare("UPDATE events SET id = ? WHERE id = ?").run(to, from);

const swap = (database: DatabaseSync, one: number, other: number) => {
  move(database, one, -1);
  move(database, other, one);
  move(database, -1, other);
};

const set = (column: string, value: string | number | Uint8Array | null): Tamper => {
  return (database, at) => {
    database.prepare(`UPDATE events SET ${column} = ? WHERE id = ?`).run(value, at(4));
  };
};

const copyTo: (to: number) => Tamper = (to) => (database, at) => {
  database
    .prepare(
      `INSERT INTO events (id, type, v, at, data, salt, digest)
       SELECT ?, type, v, at, '{"text":"never said","from":{"channel":"test","id":"eve"}}', salt, digest FROM events WHERE id = ?`,
    )
    .run(at(to), at(5));
};

const cases: readonly (readonly [string, Tamper, { seq: number; kind: string }])[] = [
  [
    "data edited",
    set("data", '{"text":"tree","from":{"channel":"test","id":"ada"}}'),
    { seq: 4, kind: "changed" },
  ],
  [
    "white space added to the data",
    (database, at) => {
      database.prepare("UPDATE events SET data = replace(data, ':', ': ') WHERE id = ?").run(at(4));
    },
    { seq: 4, kind: "changed" },
  ],
  ["time edited", set("at", "2026-01-01T00:00:03.001Z"), { seq: 4, kind: "changed" }],
  ["salt removed", set("salt", null), { seq: 4, kind: "changed" }],
  ["digest overwritten", set("digest", Buffer.alloc(32, 7)), { seq: 4, kind: "changed" }],
  ["type changed to a known one", set("type", "paused"), { seq: 4, kind: "unreadable" }],
  ["type changed to an unknown one", set("type", "invented"), { seq: 4, kind: "unreadable" }],
  ["version raised", set("v", 2), { seq: 4, kind: "unreadable" }],
  ["data that is not JSON", set("data", '{"text":"thr'), { seq: 4, kind: "unreadable" }],
  [
    "an event deleted",
    (database, at) => database.prepare("DELETE FROM events WHERE id = ?").run(at(4)),
    { seq: 4, kind: "dropped" },
  ],
  [
    "the first event deleted",
    (database, at) => database.prepare("DELETE FROM events WHERE id = ?").run(at(1)),
    { seq: 1, kind: "dropped" },
  ],
  ["all events deleted", (database) => database.exec("DELETE FROM events"), { seq: 1, kind: "dropped" }],
  [
    "an event deleted and the later ones renumbered",
    (database, at) => {
      database.prepare("DELETE FROM events WHERE id = ?").run(at(4));
      for (const seq of [5, 6, 7]) move(database, at(seq), at(seq - 1));
    },
    { seq: 4, kind: "dropped" },
  ],
  [
    "two events deleted, the later ones renumbered, the thread's count corrected",
    (database, at) => {
      database.prepare("DELETE FROM events WHERE id IN (?, ?)").run(at(2), at(3));
      for (const seq of [4, 5, 6, 7]) move(database, at(seq), at(seq - 2));
      database.exec("UPDATE threads SET seq = 5");
    },
    { seq: 2, kind: "dropped" },
  ],
  [
    "the last event deleted",
    (database, at) => database.prepare("DELETE FROM events WHERE id = ?").run(at(7)),
    { seq: 7, kind: "dropped" },
  ],
  [
    "the last event deleted and the thread's count corrected",
    (database, at) => {
      database.prepare("DELETE FROM events WHERE id = ?").run(at(7));
      database.exec("UPDATE threads SET seq = 6");
    },
    { seq: 6, kind: "changed" },
  ],
  ["two neighbours swapped", (database, at) => swap(database, at(4), at(5)), { seq: 4, kind: "reordered" }],
  [
    "two distant events swapped",
    (database, at) => swap(database, at(2), at(7)),
    { seq: 2, kind: "reordered" },
  ],
  [
    "the data of two events swapped",
    (database, at) => {
      const [four, five] = [at(4), at(5)].map((id) =>
        database.prepare("SELECT data FROM events WHERE id = ?").get(id),
      );
      database.prepare("UPDATE events SET data = ? WHERE id = ?").run(five?.data ?? null, at(4));
      database.prepare("UPDATE events SET data = ? WHERE id = ?").run(four?.data ?? null, at(5));
    },
    { seq: 4, kind: "changed" },
  ],
  [
    "an event moved to the end",
    (database, at) => move(database, at(4), at(8)),
    { seq: 4, kind: "reordered" },
  ],
  [
    "an event inserted in the middle",
    (database, at) => {
      for (const seq of [7, 6, 5, 4]) move(database, at(seq), at(seq + 1));
      copyTo(4)(database, at);
    },
    { seq: 4, kind: "inserted" },
  ],
  ["an event inserted at the end", copyTo(8), { seq: 8, kind: "inserted" }],
  [
    "an event inserted at the end and the thread's count corrected",
    (database, at) => {
      copyTo(8)(database, at);
      database.exec("UPDATE threads SET seq = 8");
    },
    { seq: 8, kind: "changed" },
  ],
  [
    "content removed without a record",
    (database, at) => {
      const row = database.prepare("SELECT data, salt FROM events WHERE id = ?").get(at(4));
      const salt = Buffer.from(row?.salt instanceof Uint8Array ? row.salt : []).toString("hex");
      const content = Buffer.from(contentDigest(salt, String(row?.data)), "hex");
      database
        .prepare("UPDATE events SET data = ?, salt = NULL, erased = ? WHERE id = ?")
        .run('{"v":1,"data":{"text":"","from":{"channel":"test","id":"ada"}}}', content, at(4));
    },
    { seq: 4, kind: "changed" },
  ],
  [
    "what stands in for erased content edited",
    (database, at) =>
      database.prepare("UPDATE events SET data = replace(data, 'erased', 'agreed') WHERE id = ?").run(at(3)),
    { seq: 3, kind: "changed" },
  ],
  [
    "the record of the erasure edited",
    (database, at) =>
      database
        .prepare("UPDATE events SET data = replace(data, 'forgotten', 'forgiven') WHERE id = ?")
        .run(at(6)),
    { seq: 6, kind: "changed" },
  ],
  [
    "the thread's own digest changed",
    (database) => database.prepare("UPDATE threads SET head = ?").run(Buffer.alloc(32)),
    { seq: 7, kind: "changed" },
  ],
];

describe("verify finds what was done to an SQLite file", () => {
  it.each(cases)("%s", { tags: "F5.8" }, async (_, tamper, problem) => {
    const { verification, close } = await verifiedAfter(tamper);
    await close();
    expect(verification).toMatchObject({ ok: false, problem });
    expect(verification.problem?.message).toContain(String(problem.seq));
  });

  it("an event of another thread does not fit", { tags: "F5.8" }, async () => {
    const { verification, close } = await verifiedAfter((database, at) => {
      database.exec(`INSERT INTO threads (id, seq, head, created_at, updated_at, listed_at, agent, status, title)
        VALUES ('other', 4, zeroblob(32), 0, 0, 0, 'a', 'running', '')`);
      let previous = genesisDigest("other");
      for (let seq = 1; seq <= 4; seq++) {
        const row = database.prepare("SELECT * FROM events WHERE id = ?").get(at(seq));
        const header = { type: String(row?.type), v: Number(row?.v), at: String(row?.at) };
        previous = linkDigest(previous, seq, header, contentDigest("", String(row?.data)));
      }
      database.prepare("UPDATE events SET digest = ? WHERE id = ?").run(Buffer.from(previous, "hex"), at(4));
    });
    await close();
    expect(verification).toMatchObject({ ok: false, problem: { seq: 4, kind: "changed" } });
  });

  it("a changed projection is no event: the chain is whole, and the projection can be written anew", {
    tags: "F5.8",
  }, async () => {
    const { verification, store, id, close } = await verifiedAfter((database) => {
      database.exec("UPDATE threads SET status = 'finished', title = 'all is well', agent = 'nobody'");
    });
    expect(verification.ok).toBe(true);
    expect((await store.summary(id))?.title).toBe("all is well");
    await store.append(id, 7, [], { projection: project() });
    expect(await store.summary(id)).toMatchObject(project());
    await close();
  });

  it("a projection that is none keeps nobody from the events, and is written anew", {
    tags: "F5.8",
  }, async () => {
    const { verification, store, id, close } = await verifiedAfter((database) => {
      database.exec("UPDATE threads SET status = 'asleep?'");
    });
    expect(verification.ok).toBe(true);
    expect(await store.read(id)).toHaveLength(7);
    await expect(store.summary(id)).rejects.toMatchObject({ code: "storage_corrupt" });
    await store.append(id, 7, [], { projection: project() });
    expect(await store.summary(id)).toMatchObject(project());
    await close();
  });

  it("whoever rewrites everything is found only with an anchor from outside", { tags: "F5.8" }, async () => {
    const rewrite: Tamper = (database, at) => {
      const { id } = database.prepare("SELECT id FROM threads").get() ?? {};
      let previous = genesisDigest(String(id));
      for (let seq = 1; seq <= 7; seq++) {
        const row = database.prepare("SELECT * FROM events WHERE id = ?").get(at(seq));
        const data = seq === 4 ? String(row?.data).replace("three", "never") : String(row?.data);
        const hex = (value: unknown) => Buffer.from(value instanceof Uint8Array ? value : []).toString("hex");
        const content = row?.erased === null ? contentDigest(hex(row.salt), data) : hex(row?.erased);
        previous = linkDigest(
          previous,
          seq,
          { type: String(row?.type), v: Number(row?.v), at: String(row?.at) },
          content,
        );
        const digest = Buffer.from(previous, "hex");
        database.prepare("UPDATE events SET data = ?, digest = ? WHERE id = ?").run(data, digest, at(seq));
      }
      database.prepare("UPDATE threads SET head = ?").run(Buffer.from(previous, "hex"));
      database.exec("DELETE FROM thread_states");
    };
    const unseen = await verifiedAfter(rewrite);
    await unseen.close();
    expect(unseen.verification).toMatchObject({ ok: true });
    const seen = await verifiedAfter(rewrite, true);
    await seen.close();
    expect(seen.verification).toMatchObject({ ok: false, problem: { seq: 7, kind: "changed" } });
  });

  it("reading a thread with a missing or unreadable event fails, naming it", { tags: "F5.8" }, async () => {
    const failures: readonly (readonly [Tamper, RegExp])[] = [
      [
        (database, at) => database.prepare("DELETE FROM events WHERE id = ?").run(at(4)),
        /event 4 .* missing/,
      ],
      [
        (database, at) => database.prepare("DELETE FROM events WHERE id = ?").run(at(7)),
        /event 7 .* missing/,
      ],
      [(database) => database.exec("DELETE FROM events"), /event 1 .* missing/],
      [set("data", "{"), /event 4 .* cannot be read/],
      [set("data", "[]"), /event 4 .* must be an object/],
      [set("data", '{"text":"t"}'), /event 4 .* from of its data is missing/],
      [set("type", "invented"), /event 4 .* type invented \(version 1\) is not known/],
      [set("v", 7), /event 4 .* version 7 of the event type message_received is not known/],
      [set("at", "noon"), /event 4 .* time is "noon"/],
    ];
    for (const [tamper, wanted] of failures) {
      const { store, id, close } = await verifiedAfter(tamper);
      const failed = await store.read(id).then(
        () => undefined,
        (error: unknown) => error,
      );
      await close();
      expect(failed).toMatchObject({ code: "storage_corrupt", message: expect.stringMatching(wanted) });
    }
  });
});

describe("a row of the table of threads that was damaged", () => {
  const damages: readonly (readonly [string, string, RegExp])[] = [
    [
      "a time that no number of JavaScript holds",
      "wake_at = 9223372036854775807",
      /wake_at .* 9223372036854775807/,
    ],
    ["a time that no date holds", "wake_at = 8640000000000001", /wake_at should hold a time/],
    ["a creation beyond all dates", "created_at = -9000000000000000", /created_at should hold a time/],
    [
      "a place beyond all dates",
      "listed_at = 9223372036854775807, status = 'x'",
      /status should hold a status/,
    ],
    ["a status that this version does not know", "status = 'mind_reading'", /mind_reading/],
    ["a request that is no number", "pending_request = 9223372036854775807", /pending_request/],
    ["a parent that is no id", "parent_id = 'x'", /parent_id should hold a thread id/],
  ];

  it.each(damages)(
    "%s is told beside the others, and mended by writing the row anew",
    {
      tags: ["F6.2", "S9"],
    },
    async (_, change, problem) => {
      const { store, path, close } = await temporaryStore();
      try {
        const whole = await createThread(store, { at: Date.UTC(2026, 1, 1) });
        const id = await createThread(store, { texts: ["one"] });
        const last = await createThread(store, { at: Date.UTC(2025, 1, 1) });
        const database = new DatabaseSync(path);
        database.prepare(`UPDATE threads SET ${change} WHERE id = ?`).run(id);
        database.close();
        const pages = [await store.list({ limit: 2 })];
        pages.push(await store.list({ limit: 2, cursor: pages[0]?.next ?? "" }));
        expect(pages.flatMap(({ threads }) => threads.map(({ threadId }) => threadId))).toEqual([
          whole,
          last,
        ]);
        expect(pages.flatMap(({ unreadable }) => unreadable)).toEqual([
          { threadId: id, problem: expect.stringMatching(problem) },
        ]);
        expect(await store.due(0, 10)).toEqual([]);
        await expect(store.summary(id)).rejects.toMatchObject({ code: "storage_corrupt" });
        if (change.startsWith("created_at") || change.startsWith("listed_at")) return;
        await store.append(id, 2, [], { projection: project() });
        expect((await store.list()).unreadable).toEqual([]);
        expect(await store.summary(id)).toMatchObject({ status: "running", seq: 2 });
      } finally {
        await close();
      }
    },
  );
});
