import { describe, expect, it } from "vitest";
import { FAULT_POINTS } from "../soak/crash/faults.ts";
import { surviveFaults } from "../soak/crash/harness.ts";

describe("a process that is killed at any instant", () => {
  it("loses nothing and does nothing twice: another process takes over", {
    tags: ["F12.5", "F5.3", "F6.9"],
    timeout: 60_000,
  }, async () => {
    const first = FAULT_POINTS.map((point, index) => ({
      point,
      nth: point === "migration" ? 2 : 1 + (index % 2),
    }));
    // In each of the two threads three looks and a save come first; then payments, which may not run again.
    const paying = [9, 1].map((nth) => ({ point: "tool_after", nth }) as const);
    const report = await surviveFaults(2, first.toSpliced(1, 0, ...paying));
    expect(report.kills).toBeGreaterThanOrEqual(12);
    expect(report.unknown).toBeGreaterThan(0);
  });
});
