import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/base/digest.ts";
import { callIdAt, randomThreadId } from "../../src/base/ids.ts";
import { type Json, toJson } from "../../src/base/json.ts";
import { approvalDigest, coversSubject } from "../../src/humans/approval-digest.ts";
import type { ApprovalReason } from "../../src/thread/events.ts";
import { cardWithSentences } from "../../src/thread/old-reasons.ts";
import { upcast } from "../../src/thread/upcast.ts";

const reasonsOf = (...reasons: Json[]) =>
  upcast("approval_requested", 1, { card: { title: "t", reasons } }).data["card"];

describe("events of release 0.1.0", { tags: ["F5.5", "F7.7"] }, () => {
  it.each<[string, ApprovalReason]>([
    ["policy", { kind: "policy" }],
    ["untrusted content in the thread: mail, web page", { kind: "untrusted", sources: ["mail", "web page"] }],
    ["judge: too much: 600", { kind: "judge", reason: "too much: 600" }],
    ["doubtful parse: negated, cut_off", { kind: "doubtful", doubts: ["negated", "cut_off"] }],
    ["something changed since it was approved", { kind: "changed" }],
    ["the moon is full", { kind: "other", text: "the moon is full" }],
    ["policy: my own", { kind: "other", text: "policy: my own" }],
  ])("the reason “%s” is read to an object, and can be written again", (sentence, reason) => {
    expect(reasonsOf(sentence)).toEqual({ title: "t", reasons: [reason] });
    const card = { title: "t", intent: "pay", arguments: {}, reasons: [reason] };
    expect(cardWithSentences(card)).toEqual({ ...card, reasons: [sentence] });
  });

  it("a reason that is no sentence stays visible as a text", () => {
    expect(reasonsOf({ odd: 1 }, 7)).toMatchObject({
      reasons: [
        { kind: "other", text: '{"odd":1}' },
        { kind: "other", text: "7" },
      ],
    });
    expect(upcast("approval_requested", 1, { card: { title: "t" } }).data).toEqual({
      card: { title: "t", reasons: [] },
    });
  });

  it("an approval that was given for sentences covers the same card with objects, and nothing else", () => {
    const card = {
      title: "t",
      intent: "pay",
      arguments: { amount: 5 },
      reasons: [{ kind: "policy" }, { kind: "judge", reason: "much" }] satisfies ApprovalReason[],
    };
    const subject = {
      threadId: randomThreadId(),
      callId: callIdAt(3),
      tool: "pay@1",
      promptVersion: "1",
      policy: {},
      card,
    };
    const old = digestOf(toJson({ ...subject, card: { ...card, reasons: ["policy", "judge: much"] } }));
    expect(coversSubject(old, subject)).toBe(true);
    expect(coversSubject(approvalDigest(subject), subject)).toBe(true);
    const others = [
      { ...subject, tool: "pay@2" },
      { ...subject, card: { ...card, arguments: { amount: 6 } } },
      { ...subject, card: { ...card, reasons: [{ kind: "policy" } as const] } },
      { ...subject, card: { ...card, said: { text: "hm", length: 2 } } },
      { ...subject, card: { ...card, reasons: [...card.reasons, { kind: "unknown_requester" } as const] } },
    ];
    for (const other of others) expect(coversSubject(old, other)).toBe(false);
  });

  it("an event did not say who sent it: a tick was nobody's, and the HTTP API's caller is in its source", () => {
    const from = (source: string) =>
      upcast("event_received", 1, { name: "n", source, payload: 1 }).data["from"];
    expect(from("cron")).toBe("system");
    expect(from("web:ada@example.com")).toEqual({ channel: "web", id: "ada@example.com" });
    for (const unknown of ["webhook:orders", "job", "web:", "web"]) expect(from(unknown)).toBeUndefined();
  });
});
