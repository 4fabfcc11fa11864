import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { makeProgram } from "./program.ts";

const program = await makeProgram("recipes-program.ts");

/** Runs the program, kills it so long after it has begun, and gives what it printed, whether it was killed, and its time from then on. */
async function run(file: string, killAfterMs?: number) {
  const child = program.start([file], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  let begun = 0;
  child.stdout?.on("data", (data) => {
    if (printed === "" && killAfterMs !== undefined)
      void setTimeout(killAfterMs).then(() => child.kill("SIGKILL"));
    if (printed === "") begun = performance.now();
    printed += String(data);
  });
  const [, signal] = await once(child, "close");
  return { printed, killed: signal === "SIGKILL", workedMs: performance.now() - begun };
}

describe("recipes in a process that is killed", { tags: "F10.5" }, () => {
  it("give the same result when they are run again, with one thread for each call", {
    timeout: 300_000,
  }, async () => {
    let kills = 0;
    // The first round is left alone, and says how long a run takes on this machine.
    let wholeMs = 0;
    for (let round = 0; round < 12; round += 1) {
      const folder = mkdtempSync(join(tmpdir(), "twelvefold-recipes-"));
      const file = join(folder, "threads.db");
      for (const share of [0.06, 0.03]) {
        if (round > 0 && (await run(file, wholeMs * share * round)).killed) kills += 1;
      }
      const { printed, workedMs } = await run(file);
      if (round === 0) wholeMs = workedMs;
      expect(JSON.parse(printed.trim().split("\n").at(-1) ?? "")).toEqual({
        answer: { text: "Key 21.", citations: [{ document: "page-3.md", quote: "Room 3 has key 21" }] },
        report: { text: "Tea comes in cups." },
      });
      const store = await openSqliteStore(file);
      const { threads } = await store.list({ limit: 100 });
      expect(threads.map(({ status }) => status)).toEqual(Array(23).fill("finished"));
      await store.close();
      rmSync(folder, { recursive: true });
    }
    expect(kills).toBeGreaterThan(10);
  });
});
