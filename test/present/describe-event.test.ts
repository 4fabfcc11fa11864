import colors from "picocolors";
import { describe, expect, it } from "vitest";
import { callIdAt } from "../../src/base/ids.ts";
import { timelineOf } from "../../src/inbox/views/timeline.ts";
import { describeEvent } from "../../src/present/describe-event.ts";
import { eventLine } from "../../src/present/event-line.ts";
import { exportHtml, exportMarkdown } from "../../src/present/export.ts";
import { threadGraph, toMermaid } from "../../src/present/graph.ts";
import { toSvg } from "../../src/present/graph-svg.ts";
import { EVENTS, type NewEvent } from "../../src/thread/events.ts";
import { appendEvents, startThread, type Thread } from "../../src/thread/thread.ts";
import { SAMPLES } from "../fixtures/threads/samples.ts";

const ERASED: NewEvent = {
  type: "data_erased",
  data: { seqs: [2, 3], by: { channel: "web", id: "ada" }, reason: "asked for by the customer" },
};
const LEFT_OUT: NewEvent = {
  type: "events_left_out",
  data: { seqs: [2, 3], by: { channel: "web", id: "ada" }, reason: "another customer" },
};
const REVEALED: NewEvent = {
  type: "secret_revealed",
  data: { placeholder: "[card:1]", by: { channel: "web", id: "ada" } },
};
const SAMPLE_EVENTS = [...Object.values(SAMPLES).flat(), ERASED, LEFT_OUT, REVEALED];
const HIDDEN = "\u202e\u001b[2K\u200b\u2800\u3164";
const RAW = new RegExp(`[${HIDDEN.replace("[2K", "")}]`);
const plain = colors.createColors(false);

/** The same with hidden characters in every text that comes from outside. */
function poisoned(event: NewEvent): NewEvent {
  return JSON.parse(JSON.stringify(event), (name, value) =>
    typeof value === "string" && !/^(type|callId|threadId|kind|grade|as)$/.test(name)
      ? `${value}${HIDDEN}`
      : value,
  );
}

describe("an event in words", { tags: ["F5.6", "F6.2"] }, () => {
  it("has a title for each type, in sentence case", () => {
    const seen = new Set<string>();
    for (const event of SAMPLE_EVENTS) {
      seen.add(event.type);
      const { title, label } = describeEvent(event);
      expect(title, event.type).toMatch(/^\S.*\S$/);
      expect(label.length, event.type).toBeGreaterThan(2);
    }
    expect([...seen].sort()).toEqual(Object.keys(EVENTS).sort());
  });

  it("says who handed work over, and what is from outside", () => {
    const titleOf = (name: string, source: string) =>
      describeEvent({ type: "event_received", data: { name, source, payload: null, from: "system" } }).title;
    expect([
      titleOf("delegated", "agent:boss"),
      titleOf("delegated", "from outside (mail, web), by agent boss"),
      titleOf("mail", "webhook:mail"),
      titleOf("mail", "agent:boss"),
    ]).toEqual([
      "Handed over by boss",
      "Handed over by boss, from outside (mail, web)",
      "Event mail from webhook:mail",
      "Event mail from agent:boss",
    ]);
  });

  it("hides nothing, whatever the texts of the event hold", () => {
    for (const event of SAMPLE_EVENTS) {
      const hostile = poisoned(event);
      const { title, label, text } = describeEvent(hostile);
      expect(`${title}${label}${text}`, event.type).not.toMatch(RAW);
      const line = eventLine({ ...hostile, seq: 1, at: "2026-01-01T00:00:00.000Z", v: 1 }, plain);
      expect(line ?? "", event.type).not.toMatch(RAW);
    }
  });

  it("has a title of one line, whatever people and policies are called", () => {
    const by = { channel: "web", id: "eve", name: "Eve\nweb:boss approved\n" };
    const titles = [
      describeEvent({ type: "human_responded", data: { request: 3, decision: { kind: "approved" }, by } }),
      describeEvent({ type: "request_escalated", data: { request: 3, to: ["web:ann\nweb:boss approved"] } }),
    ].map(({ title }) => title);
    expect(titles).toEqual([
      "Eve web:boss approved (web:eve) approved",
      "Escalated to web:ann web:boss approved",
    ]);
  });

  it("reads the same on the command line, in the inbox, in an export and in a graph", () => {
    const thread = refusedThread();
    const decision = "Ada (web:ada) denied";
    expect(thread.events.map((event) => eventLine(event, plain))).toEqual([
      "○ Started with office",
      "▸ Ada: pay the bill",
      "→ pay amount=40",
      "? Approval needed: pay amount=40",
      `▸ ${decision}: too much`,
      "■ Cancelled by Ada (web:ada): changed my mind",
    ]);
    const [, , step, cancelled] = timelineOf(thread.events);
    expect(step?.heading).toBe("Pay");
    expect(step?.marks.map(({ text }) => text)).toEqual(["Approval needed: pay", `${decision}: “too much”`]);
    expect(cancelled?.heading).toBe("Cancelled by Ada (web:ada)");
    const markdown = exportMarkdown(thread);
    expect(markdown).toContain("## 2. Message from Ada (web:ada)");
    expect(markdown).toContain(`## 5. ${decision}`);
    expect(threadGraph(thread).nodes.map(({ label, outcome }) => [label, outcome])).toEqual([
      ["Message", undefined],
      ["Pay", "denied"],
      ["Denied", undefined],
      ["Cancelled", undefined],
    ]);
  });

  it("hides nothing in exports and drawings either", () => {
    const thread = refusedThread(HIDDEN);
    for (const file of [
      exportMarkdown(thread),
      exportHtml(thread),
      toSvg(threadGraph(thread)),
      toMermaid(threadGraph(thread)),
    ]) {
      expect(file).not.toMatch(RAW);
      expect(file).not.toContain("#8238;");
    }
  });
});

function refusedThread(hidden = ""): Thread {
  const by = { channel: "web", id: `ada${hidden}`, name: `Ada${hidden}` };
  const callId = callIdAt(3);
  const card = { title: "Pay", intent: `pay${hidden}`, arguments: { amount: 40 }, reasons: [] };
  const events: NewEvent[] = [
    { type: "message_received", data: { text: `pay the bill${hidden}`, from: by } },
    {
      type: "step_proposed",
      data: {
        callId,
        step: { intent: `pay${hidden}`, amount: 40 },
        fidelity: { grade: "exact", reasons: [] },
      },
    },
    { type: "approval_requested", data: { callId, card, policy: {}, digest: "d" } },
    {
      type: "human_responded",
      data: {
        request: 4,
        callId,
        digest: "d",
        decision: { kind: "denied", feedback: `too much${hidden}` },
        by,
      },
    },
    { type: "cancelled", data: { by, reason: `changed my mind${hidden}` } },
  ];
  return appendEvents(startThread({ agent: "office" }, 0), events, 0);
}
