import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { ThreadStore } from "../../src/store/store.ts";
import { createThread } from "../../src/testing/store-contract/samples.ts";
import { messagesAtOnce } from "../soak/races/pairs.ts";
import { openStoreAt } from "./children/open-store.ts";
import { runChild, startChild } from "./children.ts";
import { temporaryPostgres } from "./postgres.ts";
import { startPostgres } from "./postgres-server.ts";

const raceReport = z.object({
  appended: z.record(z.string(), z.number()),
  claimed: z.array(z.string()),
  delivered: z.number(),
});

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function newPlace() {
  const { store, address, schema, close } = await temporaryPostgres();
  cleanUps.push(close);
  return { store, place: `${address}#${schema}` };
}

/** Every append that a child has reported is there, once, and every chain is whole. */
async function expectAllThere(store: ThreadStore, reported: readonly string[]): Promise<void> {
  const last = new Map(reported.map((line) => line.split(" ") as [string, string]));
  expect(last.size).toBeGreaterThan(0);
  for (const { threadId } of (await store.list({ limit: 1000 })).threads) {
    const events = await store.read(threadId);
    const texts = events.flatMap((event) => (event.type === "message_received" ? [event.data.text] : []));
    expect(texts).toEqual(texts.map((_, index) => `text ${index + 1} `));
    expect(events.length).toBeGreaterThanOrEqual(Number(last.get(threadId) ?? 0));
    // Eight threads write at once; each has at most the one append whose answer was not reported any more.
    expect(events.length).toBeLessThanOrEqual(Number(last.get(threadId) ?? 0) + 1);
    expect(await store.verify(threadId)).toMatchObject({ ok: true, events: events.length });
    last.delete(threadId);
  }
  expect([...last.keys()]).toEqual([]);
}

describe("several processes on one PostgreSQL database", { timeout: 120_000 }, () => {
  it("60 messages at one instant to one thread are all taken by two processes", {
    tags: "F12.4",
  }, async () => {
    const { address, schema, close } = await temporaryPostgres();
    cleanUps.push(close);
    const path = `${address}${address.includes("?") ? "&" : "?"}schema=${schema}`;
    expect(await messagesAtOnce(path, 60, 2)).toEqual({ taken: 60, kept: 60 });
  });

  it("nothing is lost or done twice when three write to the same threads", { tags: "F12.4" }, async () => {
    const { store, place } = await newPlace();
    const ids = await Promise.all(Array.from({ length: 6 }, () => createThread(store)));
    const children = await Promise.all(
      ["a", "b", "c"].map((name) => runChild("race.ts", place, name, "20", ...ids)),
    );
    const done = children.flat().map((report) => raceReport.parse(report));
    let total = 0;
    for (const id of ids) {
      const appended = done.reduce((sum, { appended }) => sum + (appended[id] ?? 0), 0);
      expect(await store.verify(id)).toMatchObject({ ok: true, events: 1 + appended });
      total += appended;
    }
    expect(total).toBe(3 * 4 * 20);
    expect(done.flatMap(({ claimed }) => claimed).toSorted()).toEqual(ids.toSorted());
    expect(done.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(50);
    expect((await store.list({ limit: 1000 })).threads).toHaveLength(6 + 50);
  });

  it("a process killed while it writes loses nothing that was acknowledged", { tags: "F12.5" }, async () => {
    for (const lines of [1, 60]) {
      const { store, place } = await newPlace();
      const child = startChild("append-until-killed.ts", place);
      const reported: string[] = [];
      for await (const line of child.lines) {
        reported.push(line);
        if (reported.length === lines) child.process.kill("SIGKILL");
      }
      expect((await child.ended).signal).toBe("SIGKILL");
      await expectAllThere(store, reported);
    }
  });

  it("a server that crashes and is started again loses nothing, and nothing is done twice", {
    tags: "F12.5",
  }, async () => {
    const server = await startPostgres();
    cleanUps.push(server.remove);
    const place = `${server.address}#kept`;
    const child = startChild("append-until-killed.ts", place);
    const reported: string[] = [];
    const restarts = ["SIGQUIT", "SIGINT", "SIGQUIT"] as const;
    let next = 0;
    for await (const line of child.lines) {
      reported.push(line);
      if (reported.length < 40 * (next + 1)) continue;
      const signal = restarts[next];
      next += 1;
      if (signal === undefined) child.process.kill("SIGKILL");
      else {
        await server.stop(signal);
        await server.start();
      }
    }
    expect(await child.ended).toMatchObject({ signal: "SIGKILL", errors: "" });
    expect(next).toBeGreaterThan(restarts.length);
    const store = await openStoreAt(place);
    cleanUps.push(() => store.close());
    await expectAllThere(store, reported);
  });

  it("processes that open a new schema at the same time all find it ready", { tags: "F12.5" }, async () => {
    const { place } = await newPlace();
    const fresh = `${place}_anew`;
    await Promise.all(Array.from({ length: 3 }, () => runChild("open-at-once.ts", fresh)));
    const store = await openStoreAt(fresh);
    cleanUps.push(() => store.close());
    expect((await store.list()).threads).toEqual([]);
  });
});
