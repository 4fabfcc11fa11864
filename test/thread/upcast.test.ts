import { describe, expect, it } from "vitest";
import { event } from "../../src/thread/declare-event.ts";
import { EVENTS, type EventData } from "../../src/thread/events.ts";
import { decodeEvent } from "../../src/thread/stored-event.ts";
import { type EventCatalogue, upcast } from "../../src/thread/upcast.ts";

/** As if `message_received` had changed twice: `text` was called `body`, then `from` was only a name. */
const later: EventCatalogue = {
  ...EVENTS,
  message_received: event<EventData["message_received"]>({ text: "string", from: "object" }, [
    ({ body, ...rest }) => ({ ...rest, text: body ?? "" }),
    ({ from, ...rest }) => ({ ...rest, from: { channel: "unknown", id: from ?? "" } }),
  ]),
};

describe("events of earlier versions", () => {
  it("are brought to the current version step by step", { tags: "F5.5" }, () => {
    const current = { v: 3, data: { text: "hi", from: { channel: "unknown", id: "ada" } } };
    expect(upcast("message_received", 1, { body: "hi", from: "ada" }, later)).toEqual(current);
    expect(upcast("message_received", 2, { text: "hi", from: "ada" }, later)).toEqual(current);
    expect(upcast("message_received", 3, current.data, later)).toEqual(current);
    const stored = { seq: 2, at: "2026-01-01T00:00:00.000Z", type: "message_received", v: 1, erased: false };
    expect(decodeEvent("thr_a", { ...stored, text: '{"body":"hi","from":"ada"}' }, later)).toEqual({
      seq: 2,
      at: stored.at,
      type: "message_received",
      ...current,
    });
  });

  it("what stands in for erased data is of its own version, not of the erased one", { tags: "F5.5" }, () => {
    const stored = { seq: 2, at: "2026-01-01T00:00:00.000Z", type: "message_received", v: 1, erased: true };
    const text = '{"v":2,"data":{"text":"(erased)","from":"ada"}}';
    expect(decodeEvent("thr_a", { ...stored, text }, later)).toMatchObject({
      v: 3,
      data: { text: "(erased)", from: { channel: "unknown", id: "ada" } },
    });
    for (const broken of ["{}", "null", '{"v":"1","data":{}}']) {
      expect(() => decodeEvent("thr_a", { ...stored, text: broken }, later)).toThrow(
        expect.objectContaining({ code: "storage_corrupt" }),
      );
    }
  });

  it("an unknown type or a newer version is an error that names both", { tags: "F5.5" }, () => {
    const refused: readonly (readonly [string, number, RegExp])[] = [
      ["mind_read", 1, /event type mind_read \(version 1\)/],
      ["toString", 1, /event type toString/],
      ["__proto__", 1, /event type __proto__/],
      ["message_received", 2, /version 2 of the event type message_received is not known; the newest is 1/],
      ["message_received", 0, /version 0/],
      ["message_received", 1.5, /version 1.5/],
    ];
    for (const [type, v, message] of refused) {
      expect(() => upcast(type, v, {})).toThrow(
        expect.objectContaining({
          code: "storage_corrupt",
          message: expect.stringMatching(message),
          details: { type, v },
        }),
      );
    }
  });

  it("every version below the current one has its step", { tags: "F5.5" }, () => {
    expect(later["message_received"]?.version).toBe(3);
    for (const { version, upcasts } of Object.values(EVENTS)) expect(upcasts).toHaveLength(version - 1);
  });
});
