import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { callIdAt } from "../../src/base/ids.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { ago, dayIn, describeTimeLeft, knownZone, span, startOfDay } from "../../src/inbox/views/time.ts";
import { timelineOf } from "../../src/inbox/views/timeline.ts";
import { threadGraph } from "../../src/present/graph.ts";
import { toSvg } from "../../src/present/graph-svg.ts";
import { responseOf } from "../../src/steps/form-decision.ts";
import type { NewEvent } from "../../src/thread/events.ts";
import type { PendingApproval } from "../../src/thread/state.ts";
import { appendEvents, startThread } from "../../src/thread/thread.ts";
import { anyText } from "../any-text.ts";
import { propertyRuns } from "../property-runs.ts";
import { ada } from "./inbox-server.ts";

const numRuns = propertyRuns(300);

function approvalOf(args: JsonObject): PendingApproval {
  return {
    type: "approval",
    seq: 4,
    askedAt: "2026-01-01T00:00:00.000Z",
    callId: callIdAt(3),
    card: { title: "t", intent: "pay", arguments: args, reasons: [] },
    policy: {},
    digest: "d",
    approvedBy: [],
    escalatedTo: [],
    escalations: 0,
    deliveries: {},
    toUpdate: [],
  };
}

/** A field as the form shows it and a browser sends it back untouched. */
function asSent(value: Json): string {
  const shown =
    typeof value === "string"
      ? value
      : typeof value === "object"
        ? JSON.stringify(value, null, 2)
        : String(value);
  return shown.replace(/\r\n|\r|\n/g, "\r\n");
}

describe("views of the inbox", () => {
  it("a form that is sent back untouched is no edit, whatever the arguments are", { tags: "F7.9" }, () => {
    const text = anyText().filter((it) => it.isWellFormed() && !/\r(?!\n)/.test(it));
    const value = fc.oneof(
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer()),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (args) => {
        const json: JsonObject = JSON.parse(JSON.stringify(args));
        const fields = Object.entries(json).map(([name, field]) => [`arg.${name}`, asSent(field)]);
        const form = { decision: "approve_edited", digest: "d", ...Object.fromEntries(fields) };
        expect(responseOf(approvalOf(json), form)).toEqual({ decision: { kind: "approved" }, digest: "d" });
      }),
      { numRuns },
    );
  });

  it("an edit changes the fields that were typed in, and no others", { tags: "F7.9" }, () => {
    const request = approvalOf({ amount: 40, to: "ACME", urgent: false, lines: [1, 2] });
    const edit = (fields: Record<string, string>) =>
      responseOf(request, { decision: "approve_edited", digest: "d", ...fields }).decision;
    expect(
      edit({ "arg.urgent": "true", "arg.lines": "[1]", "arg.other": "x", "arg.__proto__": "x" }),
    ).toEqual({
      kind: "approved",
      editedStep: { intent: "pay", amount: 40, to: "ACME", urgent: true, lines: [1] },
    });
    for (const typed of [
      "",
      "40 EUR",
      "4,5",
      "1e999",
      "9007199254740993",
      "0x10",
      "Infinity",
      `${"1".repeat(200_000)}x`,
      `1${"0".repeat(200_000)}1`,
    ]) {
      expect(() => edit({ "arg.amount": typed }), typed.slice(0, 20)).toThrow("wanted a number");
    }
    expect(() => edit({ "arg.lines": "[1" })).toThrow("wanted JSON");
    expect(() => edit({ "arg.lines": "[9007199254740993]" })).toThrow(
      "lines: 0: 9007199254740993 is a number",
    );
    expect(() => edit({ "arg.urgent": "maybe" })).toThrow("wanted yes or no");
  });

  it("the path counts how often it came through and which way it went", { tags: "F0.4" }, () => {
    const { nodes, edges } = threadGraph(thread());
    expect(nodes.map(({ id, label, outcome, visits }) => [id, label, outcome, visits])).toEqual([
      ["n1", "Message", undefined, 1],
      ["n2", "Look up", "ok", 1],
      ["n3", "Look up", "failed", 1],
      ["n4", "Pay", "denied", 1],
      ["n5", "Denied", undefined, 1],
      ["n6", "Cancelled", undefined, 1],
    ]);
    expect(edges).toContainEqual({ from: "n2", to: "n3", times: 1 });
    expect(edges).toContainEqual({ from: "n4", to: "n5", times: 1 });
  });

  it("in the drawing of a path no count stands on a line, and each node leads to its event", {
    tags: "F0.4",
  }, () => {
    const node = { kind: "step", label: "Look up order", outcome: "ok" } as const;
    const nodes = [
      { ...node, id: "n1", visits: 14, seq: 3 },
      { ...node, id: "n2", label: "Pay", visits: 9, seq: 40 },
    ];
    const edges = [
      { from: "n1", to: "n1", times: 13 },
      { from: "n1", to: "n2", times: 9 },
    ];
    const svg = toSvg({ nodes, edges }, { hrefOf: ({ seq }) => `#entry-${seq}` });
    expect(svg).toContain('<a href="#entry-40">');
    const [loop, line] = Array.from(
      svg.matchAll(/<path d="M([\d.]+) [^"]*" marker-end[^>]*><text [^>]*x="([\d.]+)"/g),
      (found) => found.slice(1).map(Number),
    );
    // Both counts end left of their line, and the loop's begins right of the straight one.
    expect(loop?.[1]).toBeLessThan(loop?.[0] ?? 0);
    expect(line?.[1]).toBeLessThan(line?.[0] ?? 0);
    expect((loop?.[1] ?? 0) - 24).toBeGreaterThan(line?.[0] ?? 0);
  });

  it("the timeline keeps a step and all that became of it together", { tags: "F6.2" }, () => {
    const items = timelineOf(thread().events);
    expect(items.map(({ heading, seq, lastSeq }) => [heading, seq, lastSeq])).toEqual([
      ["Started with office", 1, 1],
      ["Ada", 2, 2],
      ["Look up", 3, 5],
      ["Look up", 6, 8],
      ["Pay", 9, 11],
      ["Cancelled by Ada (web:ada)", 12, 12],
    ]);
    expect(items[3]?.error?.message).toBe("no such order");
    expect(items[4]?.marks.at(-1)?.text).toBe("Ada (web:ada) denied: “too much”");
  });

  it("a day begins at midnight where the reader is, also when clocks change", { tags: "F11.1" }, () => {
    for (const [zone, now, began, day] of [
      ["UTC", "2026-11-26T00:10:00Z", "2026-11-26T00:00:00Z", "26 Nov 2026"],
      ["Europe/Vienna", "2026-11-26T00:10:00Z", "2026-11-25T23:00:00Z", "26 Nov 2026"],
      ["America/New_York", "2026-11-26T00:10:00Z", "2026-11-25T05:00:00Z", "25 Nov 2026"],
      ["Asia/Kathmandu", "2026-11-26T23:59:59Z", "2026-11-26T18:15:00Z", "27 Nov 2026"],
      // Clocks went forward, and back, at 3 in the morning.
      ["Europe/Vienna", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "29 Mar 2026"],
      ["Europe/Vienna", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "25 Oct 2026"],
    ] as const) {
      expect(new Date(startOfDay(Date.parse(now), zone)).toISOString(), `${zone} ${now}`).toBe(
        new Date(began).toISOString(),
      );
      expect(dayIn(Date.parse(now), zone)).toBe(day);
    }
    expect(["europe/vienna", "Mars/Base", '"><b>', ""].map(knownZone)).toEqual([
      "Europe/Vienna",
      "UTC",
      "UTC",
      "UTC",
    ]);
  });

  it("times are told in their largest unit", { tags: "F11.1" }, () => {
    expect([span(59_000), span(60_000), span(7_200_000), span(90_000_000)]).toEqual([
      "59 s",
      "1 min",
      "2 h",
      "1 d",
    ]);
    const iso = "2026-01-01T00:10:00.000Z";
    const at = Date.parse(iso);
    expect([ago(iso, at + 9_000), ago(iso, at + 300_000)]).toEqual(["just now", "5 min ago"]);
    expect([describeTimeLeft(iso, at - 90_000), describeTimeLeft(iso, at)]).toEqual([
      "1 min left",
      "expired",
    ]);
  });
});

function thread() {
  const exact = { grade: "exact", reasons: [] } as const;
  const lookUp = (seq: number, outcome: NewEvent): NewEvent[] => [
    { type: "step_proposed", data: { callId: callIdAt(seq), step: { intent: "look_up" }, fidelity: exact } },
    { type: "tool_started", data: { callId: callIdAt(seq), intent: "look_up", key: `k${seq}`, attempt: 1 } },
    outcome,
  ];
  const pay = callIdAt(9);
  const card = { title: "t", intent: "pay", arguments: {}, reasons: [{ kind: "policy" } as const] };
  return appendEvents(
    startThread({ agent: "office" }, 0),
    [
      { type: "message_received", data: { text: "go", from: ada } },
      ...lookUp(3, { type: "tool_finished", data: { callId: callIdAt(3), result: "A-1" } }),
      ...lookUp(6, {
        type: "tool_failed",
        data: { callId: callIdAt(6), error: { name: "Error", message: "no such order" } },
      }),
      { type: "step_proposed", data: { callId: pay, step: { intent: "pay" }, fidelity: exact } },
      { type: "approval_requested", data: { callId: pay, card, policy: {}, digest: "d" } },
      {
        type: "human_responded",
        data: {
          request: 10,
          callId: pay,
          digest: "d",
          decision: { kind: "denied", feedback: "too much" },
          by: ada,
        },
      },
      { type: "cancelled", data: { by: ada } },
    ],
    0,
  );
}
