import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { createThread } from "../../src/testing/store-contract/samples.ts";
import { cli } from "./run-cli.ts";

const DAY = 86_400_000;

describe("twelvefold prune and erase", { tags: "F5.10", timeout: 60_000 }, () => {
  it("tell what would go, and do it with --yes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "twelvefold-"));
    const path = join(folder, "threads.db");
    const store = await openSqliteStore(path);
    const at = Date.now() - 100 * DAY;
    const old = await createThread(store, {
      at,
      projection: { agent: "calculator", status: "finished", wantsAdvance: false },
    });
    const working = await createThread(store, {
      at,
      projection: { agent: "calculator", status: "awaiting_human" },
    });
    await createThread(store, {
      at: Date.now(),
      projection: { agent: "calculator", status: "failed" },
    });
    await store.close();
    const twelvefold = cli(path);
    const left = async () => {
      const opened = await openSqliteStore(path);
      const { threads } = await opened.list();
      await opened.close();
      return threads.length;
    };
    const unsaid = await twelvefold(["prune"]);
    expect([unsaid.code, unsaid.stderr]).toEqual([2, expect.stringContaining("--older-than")]);
    const busy = await twelvefold(["prune", "--older-than", "1", "--status", "running"]);
    expect([busy.code, busy.stderr]).toEqual([
      2,
      expect.stringContaining("--status takes finished, failed, cancelled, not running"),
    ]);
    const dry = await twelvefold(["prune", "--older-than", "90d"]);
    expect(dry.stdout).toBe(
      "would be deleted: 1 thread that has ended, without an event for 90 days (1 finished)\nnothing was changed; --yes does it, for good\n",
    );
    expect(await left()).toBe(3);
    const archive = join(folder, "old");
    const done = await twelvefold(["prune", "--older-than", "90", "--archive", archive, "--yes", "--json"]);
    expect(JSON.parse(done.stdout)).toMatchObject({
      dry: false,
      rules: [{ threads: 1, statuses: { finished: 1 } }],
    });
    expect(readdirSync(archive)).toEqual([`${old}.json`]);
    expect(JSON.parse(readFileSync(join(archive, `${old}.json`), "utf8")).threadId).toBe(old);
    expect(statSync(join(archive, `${old}.json`)).mode & 0o077).toBe(0);
    expect(await left()).toBe(2);
    const waits = await twelvefold(["erase", working, "--reason", "r", "--yes"]);
    expect(waits.code).toBe(4);
    const ran = await twelvefold(["run", "calculator", "multiply 3 by 4", "--json"]);
    const { threadId } = JSON.parse(ran.stdout);
    const erased = await twelvefold(["erase", threadId, "--reason", "asked for", "--yes"]);
    expect(erased.stdout).toBe(`${threadId}: erased, but for who did what and when\n`);
    const short = await twelvefold(["erase", threadId.slice(0, 10), "last", "--reason", "r", "--yes"]);
    expect([short.code, short.stderr]).toEqual([3, expect.stringContaining("erase takes whole ids")]);
    const gone = await twelvefold(["erase", threadId, "--delete", "--yes"]);
    expect(gone.stdout).toBe(`${threadId}: deleted, with everything kept about it\n`);
    expect(await left()).toBe(2);
  });
});
