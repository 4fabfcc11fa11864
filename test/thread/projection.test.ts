import { describe, expect, it } from "vitest";
import { isoTime, LAST_TIME } from "../../src/base/clock.ts";
import { callIdAt } from "../../src/base/ids.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { appendEvents, startThread } from "../../src/thread/thread.ts";

/** A thread that waits for an approval under this policy. */
function waiting(policy: ApprovalPolicy) {
  const callId = callIdAt(2);
  const card = { title: "pay", intent: "pay", arguments: {}, reasons: [{ kind: "policy" }] } as const;
  return appendEvents(
    startThread({ agent: "office" }, 0),
    [
      {
        type: "step_proposed",
        data: { callId, step: { intent: "pay" }, fidelity: { grade: "exact", reasons: [] } },
      },
      { type: "approval_requested", data: { callId, card, policy, digest: "d" } },
    ],
    1_000,
  );
}

describe("when a thread wants to be woken", { tags: ["S9", "F7.8"] }, () => {
  it.each([
    [0.5, 1_500],
    [0.0001, 1_001],
    [60, 61_000],
    [1e13, null],
    [Number.POSITIVE_INFINITY, null],
  ])("an escalation after %s s is a time that every store can hold, or never", (after, wakeAt) => {
    const { state } = waiting({ escalation: [{ after, to: ["web:boss"] }] });
    expect(projectionOf(state)).toMatchObject({ status: "awaiting_approval", wakeAt });
  });
});

describe("times in events", { tags: "S9" }, () => {
  it("beyond the last one that a date can hold are written as that one", () => {
    expect(isoTime(1e16)).toBe("+275760-09-13T00:00:00.000Z");
    expect(isoTime(Number.POSITIVE_INFINITY)).toBe("+275760-09-13T00:00:00.000Z");
    expect(Date.parse(isoTime(1e300))).toBe(LAST_TIME);
    expect(Date.parse(isoTime(-1e300))).toBe(-LAST_TIME);
    expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  });
});
