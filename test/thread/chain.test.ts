import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import {
  contentDigest,
  erasureData,
  genesisDigest,
  linkDigest,
  type StoredEvent,
} from "../../src/thread/chain.ts";
import { verifyChain } from "../../src/thread/chain-verify.ts";
import { propertyRuns } from "../property-runs.ts";

const THREAD = "thr_chain";

/** A chain of messages with these texts, and its head. */
function chain(texts: readonly string[]): { events: StoredEvent[]; head: { seq: number; digest: string } } {
  let digest = genesisDigest(THREAD);
  const events = texts.map((text, index) => {
    const seq = index + 1;
    const header = { type: "message_received", v: 1, at: "2026-01-01T00:00:00.000Z" };
    const data = JSON.stringify({ text, from: { channel: "test", id: "ada" } });
    const salt = sha256(`salt ${seq}`).slice(0, 32);
    digest = linkDigest(digest, seq, header, contentDigest(salt, data));
    return { seq, ...header, text: data, salt, erased: null, digest };
  });
  return { events, head: { seq: events.length, digest } };
}

const verified = (events: readonly StoredEvent[], head: { seq: number; digest: string }) =>
  verifyChain(THREAD, events, head);

const texts = fc.array(fc.string(), { minLength: 2, maxLength: 12 });

describe("the hash chain", () => {
  it("is what the documentation says, so that others can check it", { tags: "F5.8" }, () => {
    // The right sides were computed by another program from the documented texts.
    expect(genesisDigest("thr_a")).toBe("37089d0da4027934c3e9cf882aacefbc8c0fdda6e0a1e5326168f5a2de96709c");
    expect(contentDigest("00ff", '{"a":1}')).toBe(
      "15b7296166c00f4f166ed370303d4f4ec0412805b26c855008b5db5d27d3b2f0",
    );
    const header = { type: "paused", v: 1, at: "2026-01-01T00:00:00.000Z" };
    expect(linkDigest("ab", 2, header, "cd")).toBe(
      "cbc0e9062b1aba3458104b880ab4610eaf64330b927553378c4973eb61247f76",
    );
  });

  it("verifies whatever was written", { tags: "F5.8" }, () => {
    fc.assert(
      fc.property(texts, (list) => {
        const { events, head } = chain(list);
        expect(verified(events, head)).toMatchObject({ ok: true, events: list.length, head: head.digest });
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("any change of any field of any event is found at that event", { tags: "F5.8" }, () => {
    const changes = fc.constantFrom<(event: StoredEvent) => StoredEvent>(
      (event) => ({ ...event, text: event.text.replace('"ada"', '"eve"') }),
      (event) => ({ ...event, text: `${event.text} ` }),
      (event) => ({ ...event, text: "" }),
      (event) => ({ ...event, type: "paused" }),
      (event) => ({ ...event, v: event.v + 1 }),
      (event) => ({ ...event, at: "2026-01-01T00:00:00.001Z" }),
      (event) => ({ ...event, salt: "0".repeat(32) }),
      (event) => ({ ...event, salt: null }),
      (event) => ({ ...event, digest: sha256(event.digest) }),
      (event) => ({ ...event, erased: sha256(event.text), salt: null }),
    );
    fc.assert(
      fc.property(texts, fc.nat(), changes, (list, place, change) => {
        const { events, head } = chain(list);
        const index = place % events.length;
        const tampered = events.map((event, at) => (at === index ? change(event) : event));
        const { ok, problem } = verified(tampered, head);
        expect([ok, problem?.seq]).toEqual([false, index + 1]);
        expect(["changed", "unreadable"]).toContain(problem?.kind);
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it("dropped events are found where they were, renumbered or not", { tags: "F5.8" }, () => {
    fc.assert(
      fc.property(
        texts,
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        (list, place, count, renumber) => {
          const { events, head } = chain(list);
          const index = place % events.length;
          const left = [...events.slice(0, index), ...events.slice(index + count)];
          const stored = renumber ? left.map((event, at) => ({ ...event, seq: at + 1 })) : left;
          expect(verified(stored, head)).toMatchObject({
            ok: false,
            problem: { seq: index + 1, kind: "dropped" },
          });
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });

  it("events in another order are found at the first that moved", { tags: "F5.8" }, () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), (list, one, other) => {
        const { events, head } = chain(list);
        const [first, second] = [one % events.length, other % events.length].toSorted((a, b) => a - b);
        fc.pre(first !== second && first !== undefined && second !== undefined);
        const moved = events.map((event, at) => {
          const from = at === first ? second : at === second ? first : at;
          return { ...(events[from] ?? event), seq: at + 1 };
        });
        expect(verified(moved, head)).toMatchObject({
          ok: false,
          problem: { seq: first + 1, kind: "reordered" },
        });
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it("an event that was never written is found where it was put in", { tags: "F5.8" }, () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.boolean(), (list, place, counted) => {
        const { events, head } = chain(list);
        const index = place % (events.length + 1);
        const foreign: StoredEvent = {
          ...chain(["never said"]).events[0],
          ...{ seq: 0, type: "message_received", v: 1, at: "2026-01-01T00:00:00.000Z" },
          ...{ text: "{}", salt: "0".repeat(32), erased: null, digest: sha256("foreign") },
        };
        const stored = [...events.slice(0, index), foreign, ...events.slice(index)].map((event, at) => ({
          ...event,
          seq: at + 1,
        }));
        const { ok, problem } = verified(stored, counted ? { ...head, seq: stored.length } : head);
        expect([ok, problem?.seq]).toEqual([false, index + 1]);
        // At the very end, with the count corrected, it looks like an event whose content was changed.
        expect(problem?.kind).toMatch(index === events.length && counted ? /changed|unreadable/ : /inserted/);
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it("a long thread with its first two events swapped is diagnosed in reasonable time", {
    tags: "F5.8",
  }, () => {
    const { events, head } = chain(Array.from({ length: 3000 }, (_, index) => `text ${index}`));
    const [first, second, ...rest] = events;
    if (first === undefined || second === undefined) throw new Error("too short");
    const swapped = [{ ...second, seq: 1 }, { ...first, seq: 2 }, ...rest];
    expect(verified(swapped, head)).toMatchObject({ problem: { seq: 1, kind: "reordered" } });
    const inserted = [{ ...first, digest: sha256("x") }, ...events].map((event, at) => ({
      ...event,
      seq: at + 1,
    }));
    expect(verified(inserted, head)).toMatchObject({ problem: { seq: 1, kind: "inserted" } });
  });

  it("a record of an erasure counts only for earlier events", { tags: "F5.8" }, () => {
    const { events, head } = chain(["one", "two"]);
    const standIn = {
      seq: 3,
      at: "2026-01-01T00:00:00.000Z",
      type: "message_received",
      v: 1,
      data: { text: "", from: { channel: "test", id: "ada" } },
    } as const;
    const data = JSON.stringify(erasureData([standIn], { channel: "test", id: "eve" }, "to come"));
    const salt = "1".repeat(32);
    const header = { type: "data_erased", v: 1, at: standIn.at };
    const digest = linkDigest(head.digest, 3, header, contentDigest(salt, data));
    const record = { seq: 3, ...header, text: data, salt, erased: null, digest };
    const text = `{"v":1,"data":${JSON.stringify(standIn.data)}}`;
    const erased = sha256("whatever was said");
    const after = linkDigest(digest, 4, { ...standIn, v: 1 }, erased);
    const hidden = { ...standIn, seq: 4, text, salt: null, erased, digest: after };
    expect(verified([...events, record], { seq: 3, digest }).ok).toBe(true);
    expect(verified([...events, record, hidden], { seq: 4, digest: after })).toMatchObject({
      ok: false,
      problem: { seq: 4, kind: "changed" },
    });
  });
});
