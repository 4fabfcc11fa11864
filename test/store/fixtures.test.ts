import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseThreadId } from "../../src/base/ids.ts";
import { SCHEMA_VERSION } from "../../src/store/sqlite/migrate.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { EVENTS } from "../../src/thread/events.ts";
import { fold } from "../../src/thread/fold.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { parseEvents } from "../../src/thread/stored-event.ts";
import { appendEvents, threadOf } from "../../src/thread/thread.ts";
import { temporaryFolder } from "./temporary.ts";

const folder = join(import.meta.dirname, "..", "fixtures", "threads");
const RELEASES = ["v1", "v2", "v3", "v4", "v5"];

const json = z.json();
const fixture = z.object({
  versions: z.record(z.string(), z.number()),
  threads: z.array(
    z.object({
      threadId: z.string().transform((text, context) => {
        const id = parseThreadId(text);
        if (id === undefined) context.addIssue("not a thread id");
        return id ?? z.NEVER;
      }),
      status: z.string(),
      head: z.string(),
      events: z.array(json),
    }),
  ),
});

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function load(release: string) {
  return fixture.parse(JSON.parse(await readFile(join(folder, release, "threads.json"), "utf8")));
}

/** A fixture is never opened itself: that would write to it. */
async function copyOf(release: string): Promise<string> {
  const temporary = await temporaryFolder();
  cleanUps.unshift(temporary.remove);
  const path = join(temporary.path, "threads.db");
  await copyFile(join(folder, release, "threads.db"), path);
  return path;
}

async function openCopy(release: string) {
  const store = await openSqliteStore(await copyOf(release));
  cleanUps.unshift(() => store.close());
  return store;
}

describe.each(RELEASES)("threads written by release %s", (release) => {
  it("load from the SQLite file and from the JSON export alike, and fold to the same status", {
    tags: "F5.5",
  }, async () => {
    const store = await openCopy(release);
    const { threads } = await load(release);
    for (const { threadId, status, events } of threads) {
      const read = await store.read(threadId);
      expect(read).toEqual(parseEvents(threadId, events));
      expect(fold(read).status.kind).toBe(status);
      expect((await store.summary(threadId))?.status).toBe(status);
      expect(await store.state(threadId)).toEqual(fold(read));
    }
    expect((await store.list()).threads).toHaveLength(threads.length);
  });

  it("still verify, up to the digests that were noted then", { tags: "F5.8" }, async () => {
    const store = await openCopy(release);
    for (const { threadId, head, events } of (await load(release)).threads) {
      const anchor = { seq: events.length, digest: head };
      expect(await store.verify(threadId, anchor)).toMatchObject({ ok: true, events: events.length, head });
    }
  });

  it("go on: leases, keys, values and due times are kept, and further events fit", {
    tags: "F5.5",
  }, async () => {
    const store = await openCopy(release);
    const { threads } = await load(release);
    const pending = threads.find(({ status }) => status === "awaiting_approval");
    const asleep = threads.find(({ status }) => status === "awaiting_time");
    const failed = threads.find(({ status }) => status === "failed");
    if (pending === undefined || asleep === undefined || failed === undefined) throw new Error("incomplete");
    const then = Date.UTC(2026, 2, 1);
    expect(await store.getValue("cursor")).toBe("17");
    expect(await store.claim(pending.threadId, "somebody else", then, then + 5000)).toBe(false);
    expect(await store.due(Date.UTC(2026, 2, 2), 10)).toContain(asleep.threadId);
    const thread = threadOf(failed.threadId, await store.read(failed.threadId));
    const from = { channel: "terminal", id: "ada" };
    const longer = appendEvents(thread, [{ type: "message_received", data: { text: "again", from } }], then);
    const added = longer.events.slice(thread.events.length);
    const projection = projectionOf(longer.state);
    const again = { once: "delivery of people" };
    expect(await store.append(thread.id, thread.state.seq, added, { projection, ...again })).toMatchObject({
      kind: "duplicate",
      threadId: thread.id,
    });
    await store.append(thread.id, thread.state.seq, added, { projection });
    expect((await store.verify(thread.id)).ok).toBe(true);
  });

  it("hold every type of event that the release had", { tags: "F5.5" }, async () => {
    const { versions, threads } = await load(release);
    const types = new Set(
      threads.flatMap(({ threadId, events }) => parseEvents(threadId, events)).map(({ type }) => type),
    );
    expect([...types].toSorted()).toEqual(Object.keys(versions).toSorted());
    for (const [type, version] of Object.entries(versions)) {
      expect(currentVersions()[type]).toBeGreaterThanOrEqual(version);
    }
  });

  it("are refused with a clear error where they are bad", { tags: "F5.5" }, async () => {
    const wanted: Readonly<Record<string, RegExp>> = {
      "data-is-a-list": /the data of a paused event must be an object/,
      "event-is-null": /it must be an object/,
      gap: /its number is 3/,
      "missing-field": /the result of its data is missing/,
      "newer-version": /version 1000 of the event type message_received is not known/,
      "no-time": /its time is "noon"/,
      "no-type": /type, v and at must be there/,
      "unknown-type": /the event type mind_read \(version 1\) is not known/,
      "wrong-kind": /the attempt of its data is missing or of the wrong kind/,
    };
    const bad = join(folder, release, "bad");
    const files = await readdir(bad);
    expect(files.map((file) => file.replace(".json", "")).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const [name, message] of Object.entries(wanted)) {
      const events = z.array(json).parse(JSON.parse(await readFile(join(bad, `${name}.json`), "utf8")));
      expect(() => parseEvents("thr_bad", events), name).toThrow(
        expect.objectContaining({
          code: "storage_corrupt",
          message: expect.stringMatching(new RegExp(`event 2 of thread thr_bad.*${message.source}`)),
        }),
      );
    }
  });
});

function currentVersions(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(EVENTS).map(([type, { version }]) => [type, version]));
}

it("the newest fixture is of the current versions, of events and of tables", { tags: "F5.5" }, async () => {
  const newest = RELEASES.at(-1) ?? "";
  const { versions } = await load(newest);
  expect(versions).toEqual(currentVersions());
  const database = new DatabaseSync(await copyOf(newest));
  const tables = database.prepare("SELECT max(version) AS version FROM schema_version").get();
  database.close();
  expect(tables?.["version"]).toBe(SCHEMA_VERSION);
});
