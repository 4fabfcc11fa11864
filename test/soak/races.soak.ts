import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/model/random.ts";
import { type CrashReport, runTogether, standStill, sum, told } from "./crash/harness.ts";
import { answersAgainstEachOther, cancelAgainstFinish, messageAgainstApproval } from "./races/pairs.ts";

async function inDatabase<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-race-"));
  try {
    return await work(join(folder, "threads.db"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("races", () => {
  it("eight processes and 200 threads in one file: each step is taken once, each request answered once", {
    tags: "F12.4",
  }, async () => {
    const total = await runTogether(200, 8);
    console.log(`eight processes: ${told(total)}`);
    expect(total.unknown).toBe(0);
  });

  it("processes that stand still beyond their claims and then go on do nothing twice", {
    tags: ["S5", "F12.5"],
  }, async () => {
    const random = seededRandom(Number(process.env["SOAK_SEED"] ?? 1));
    let total: CrashReport | undefined;
    let stops = 0;
    while (stops < 100) {
      const { stops: more, ...report } = await standStill(60, 4, random);
      total = total === undefined ? report : sum(total, report);
      stops += more;
    }
    if (total !== undefined) console.log(`${stops} times a process stood still: ${told(total)}`);
  });

  it("two answers to one approval, 300 times", { tags: "F12.4" }, async () => {
    const seen = await inDatabase((path) => answersAgainstEachOther(path, 300));
    console.log(`two answers: ${JSON.stringify(seen)}`);
    expect(seen).toEqual({ won: 300, conflicts: 300, ran: 300 });
  });

  it("cancelling against finishing, 300 times", { tags: "F12.4" }, async () => {
    const { cancelled, finished } = await inDatabase((path) => cancelAgainstFinish(path, 300));
    console.log(`${cancelled} cancelled, ${finished} finished`);
    expect(Math.min(cancelled, finished)).toBeGreaterThan(0);
  });

  it("a message against an approval, 300 times", { tags: "F12.4" }, async () => {
    const seen = await inDatabase((path) => messageAgainstApproval(path, 300));
    console.log(`message against approval: ${JSON.stringify(seen)}`);
    expect({ decided: seen.inTime + seen.askedAgain, ran: seen.ran }).toEqual({ decided: 300, ran: 300 });
  });
});
