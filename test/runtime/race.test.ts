import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  answersAgainstEachOther,
  cancelAgainstFinish,
  messageAgainstApproval,
  messagesAtOnce,
} from "../soak/races/pairs.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function database(): string {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-race-"));
  folders.push(folder);
  return join(folder, "threads.db");
}

describe("races between two runtimes on one file", () => {
  it("of two answers to one approval exactly one wins, and the tool runs once", {
    tags: "F12.4",
  }, async () => {
    const seen = await answersAgainstEachOther(database(), 15);
    expect(seen).toEqual({ won: 15, conflicts: 15, ran: 15 });
  });

  it.each([1, 2] as const)(
    "60 messages at one instant are all taken, by %i of the runtimes",
    {
      tags: "F12.4",
    },
    async (runtimes) => {
      expect(await messagesAtOnce(database(), 60, runtimes)).toEqual({ taken: 60, kept: 60 });
    },
  );

  it("a thread is cancelled or finished, never both", { tags: "F12.4" }, async () => {
    const { cancelled, finished } = await cancelAgainstFinish(database(), 15);
    expect(cancelled + finished).toBe(15);
  });

  it("a message is taken whenever an approval comes; one that did not know it does not count", {
    tags: ["F12.4", "F7.17"],
  }, async () => {
    const { inTime, askedAgain, ran } = await messageAgainstApproval(database(), 15);
    expect({ decided: inTime + askedAgain, ran }).toEqual({ decided: 15, ran: 15 });
  });
});
