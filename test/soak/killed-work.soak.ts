import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/cli/open-store.ts";
import { type Thread, threadOf } from "../../src/thread/thread.ts";
import type { Handover } from "../runtime/delegating-family.ts";
import { type PostgresServer, startPostgres } from "../store/postgres-server.ts";
import { makeProgram } from "./program.ts";

const program = await makeProgram("work-program.ts");
const LANES = 3;

let server: PostgresServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "twelvefold-work-"));
  server = await startPostgres({ max_connections: "100" });
});
afterAll(async () => {
  await server.remove();
  rmSync(folder, { recursive: true });
});

type Death = readonly [at: number, when: "before" | "after"];

/** One life of the program; true if it was killed, false if the work was over. */
async function live(args: readonly string[], death?: Death): Promise<boolean> {
  const child = program.start([...args, ...(death ?? []).map(String)], {
    stdio: ["ignore", "inherit", "pipe"],
    timeout: 60_000,
    killSignal: "SIGABRT",
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [code, signal] = await once(child, "close");
  if (signal === "SIGKILL") return true;
  expect({ code, signal, errors, death }).toEqual({ code: 0, signal: null, errors: "", death });
  return false;
}

let places = 0;

/** Kills the program before and after each of its appends and lets the next one go on; the number of kills. */
async function killAtEveryAppend(
  work: Handover | "support",
  kind: "file" | "PostgreSQL",
  expectWhole: (threads: readonly Thread[], beside: string) => void,
): Promise<number> {
  let kills = 0;
  let next = 0;
  let last = Number.POSITIVE_INFINITY;
  const lane = async () => {
    for (;;) {
      const turn = next++;
      const at = 1 + Math.floor(turn / 2);
      if (at > last) return;
      places += 1;
      const beside = join(folder, `beside-${places}`);
      const separator = server.address.includes("?") ? "&" : "?";
      const place =
        kind === "file"
          ? join(folder, `threads-${places}.db`)
          : `${server.address}${separator}schema=work_${places}`;
      if (await live([place, beside, work], [at, turn % 2 === 0 ? "before" : "after"])) {
        kills += 1;
        expect(await live([place, beside, work])).toBe(false);
      } else last = Math.min(last, at);
      const store = await openStore(place, "/");
      const { threads } = await store.list({});
      const whole = await Promise.all(
        threads.map(async ({ threadId }) => threadOf(threadId, await store.read(threadId))),
      );
      for (const { id } of whole) expect(await store.verify(id)).toMatchObject({ ok: true });
      await store.close();
      expectWhole(whole, beside);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(`${work}, in ${kind === "file" ? "a file" : kind}: killed ${kills} times`);
  return kills;
}

function expectHandedOver(how: Handover) {
  return (threads: readonly Thread[], beside: string) => {
    const parent = threads.find(({ state }) => state.parent === null);
    const child = threads.find(({ state }) => state.parent !== null);
    expect(threads).toHaveLength(2);
    const typesOf = (thread: Thread | undefined) => thread?.events.map(({ type }) => type) ?? [];
    expect(typesOf(parent).filter((type) => type === "child_requested")).toHaveLength(1);
    expect(typesOf(parent).filter((type) => /^child_(finished|failed)$/.test(type))).toHaveLength(1);
    expect(parent?.state.children).toEqual([]);
    expect(child?.state.parentTold).toBe(true);
    const ended = how === "ask" ? "cancelled" : "finished";
    expect([parent?.state.ended?.kind, child?.state.ended?.kind]).toEqual([ended, ended]);
    const paid = existsSync(beside) ? readFileSync(beside, "utf8").trim().split("\n") : [];
    expect(new Set(paid).size).toBe(how === "ask" ? 0 : 1);
  };
}

function expectAnswered([thread, ...others]: readonly Thread[], beside: string): void {
  expect(others).toEqual([]);
  expect(thread?.state.ended?.kind).toBe("finished");
  const shop = new DatabaseSync(beside);
  expect(shop.prepare("SELECT order_id, cents, approvals FROM refunds").all()).toEqual([
    { order_id: "A-1003", cents: 899_00, approvals: 2 },
  ]);
  shop.close();
}

const HOW: readonly Handover[] = ["hand", "hand_aside", "ask"];

describe.each(["file", "PostgreSQL"] as const)("with threads in a store (%s)", (kind) => {
  // The ways of handing over differ in what is appended, not in how: one of them is enough for the other store.
  it.each(kind === "file" ? HOW : HOW.slice(0, 1))(
    "work that is handed over survives kill -9 at every append of both threads: %s",
    {
      tags: ["F10.4", "F10.6", "F12.5"],
    },
    async (how) => {
      expect(await killAtEveryAppend(how, kind, expectHandedOver(how))).toBeGreaterThan(14);
    },
  );

  it("a refund that two managers agree to is booked once, whenever the process is killed", {
    tags: ["F5.3", "F12.5"],
  }, async () => {
    expect(await killAtEveryAppend("support", kind, expectAnswered)).toBeGreaterThan(14);
  });
});
