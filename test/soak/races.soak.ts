import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runTogether, told } from "./crash/harness.ts";
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
  it("F12.4 eight processes and 200 threads in one file: each step is taken once, each request answered once", async () => {
    const total = await runTogether(200, 8);
    console.log(`eight processes: ${told(total)}`);
    expect(total.unknown).toBe(0);
  });

  it("F12.4 two answers to one approval, 300 times", async () => {
    const seen = await inDatabase((path) => answersAgainstEachOther(path, 300));
    console.log(`two answers: ${JSON.stringify(seen)}`);
    expect(seen).toEqual({ won: 300, conflicts: 300, ran: 300 });
  });

  it("F12.4 cancelling against finishing, 300 times", async () => {
    const { cancelled, finished } = await inDatabase((path) => cancelAgainstFinish(path, 300));
    console.log(`${cancelled} cancelled, ${finished} finished`);
    expect(Math.min(cancelled, finished)).toBeGreaterThan(0);
  });

  it("F12.4 a message against an approval, 300 times", async () => {
    const seen = await inDatabase((path) => messageAgainstApproval(path, 300));
    console.log(`message against approval: ${JSON.stringify(seen)}`);
    expect(seen).toEqual({ both: 300, ran: 300 });
  });
});
