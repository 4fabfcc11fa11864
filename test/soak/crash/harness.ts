import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { parseRequestId } from "../../../src/base/ids.ts";
import { openStore } from "../../../src/cli/open-store.ts";
import { threadOf } from "../../../src/thread/thread.ts";
import { makeProgram } from "../program.ts";
import { PAYMENTS } from "./agent.ts";
import { FAULT_POINTS, type Fault, type FaultPoint } from "./faults.ts";
import { readLedger } from "./ledger.ts";

/** How databases fared. */
export interface CrashReport {
  /** How often a process was killed, by the point at which it was. */
  readonly killed: Readonly<Partial<Record<FaultPoint, number>>>;
  readonly kills: number;
  /** Threads that reached their end; no other end passes. */
  readonly threads: number;
  /** Runs of tools by the ledger, which is outside the store: what may not be repeated, and what may. */
  readonly paid: number;
  readonly saved: number;
  /** Calls that may be repeated, by the threads: fewer than runs where a crash came between run and record. */
  readonly saves: number;
  /** Tool calls whose outcome a person was asked for. */
  readonly unknown: number;
}

const NOTHING: CrashReport = { killed: {}, kills: 0, threads: 0, paid: 0, saved: 0, saves: 0, unknown: 0 };

/** Both together. */
export function sum(a: CrashReport, b: CrashReport): CrashReport {
  const killed = { ...a.killed };
  for (const point of FAULT_POINTS) {
    const more = b.killed[point];
    if (more !== undefined) killed[point] = (killed[point] ?? 0) + more;
  }
  return {
    killed,
    kills: a.kills + b.kills,
    threads: a.threads + b.threads,
    paid: a.paid + b.paid,
    saved: a.saved + b.saved,
    saves: a.saves + b.saves,
    unknown: a.unknown + b.unknown,
  };
}

/** In one line, for the log. */
export function told({ killed, kills, threads, paid, saved, saves, unknown }: CrashReport): string {
  const points = Object.entries(killed).map(([point, count]) => `${point} ${count}`);
  return (
    `${kills} kills (${points.join(", ")}); ${threads} threads, all ended; outside the store: ${paid} payments, ` +
    `none twice, and ${saved} runs of ${saves} idempotent calls; a person was asked for ${unknown} unknown outcomes`
  );
}

/** A database, what really happened beside it, and how processes treat it. */
interface World {
  readonly path: string;
  readonly ledger: string;
  readonly threads: number;
  readonly claimMs: number;
  readonly patienceMs: number;
  /** More of the environment of each process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Where threads are kept, other than in a file of their own, and how processes learn of them. */
export interface Place extends Pick<World, "path" | "env"> {
  readonly claimMs: number;
}

const LONGEST_LIFE_MS = 30_000;

const program = await makeProgram("crash/child.ts");

/** One life, of which `onStart` gets the process; true when it was killed, false when everything had ended. Throws for any other end. */
async function live(
  world: World,
  fault: Fault | undefined,
  onStart: (child: ChildProcess) => void = () => {},
): Promise<boolean> {
  const { path, ledger, threads, claimMs, patienceMs } = world;
  const drawn = fault === undefined ? [] : [fault.point, String(fault.nth)];
  const args = [path, ledger, String(threads), String(claimMs), String(patienceMs), ...drawn];
  const child = program.start(args, {
    stdio: ["ignore", "inherit", "pipe"],
    env: world.env,
    timeout: LONGEST_LIFE_MS + threads * 1000,
    killSignal: "SIGABRT",
  });
  onStart(child);
  const atOnce =
    fault?.point === "any_instant" ? setTimeout(() => child.kill("SIGKILL"), fault.nth) : undefined;
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [code, signal] = await once(child, "close");
  clearTimeout(atOnce);
  expect(errors, "what the process complained about").toBe("");
  if (signal === "SIGKILL") return true;
  expect({ code, signal, fault }).toEqual({ code: 0, signal: null, fault });
  return false;
}

/**
 * Runs threads in one database through these faults, one life after another or `together` at a time, and a last life
 * without a fault; then checks that nothing was lost and nothing was done twice.
 */
export async function surviveFaults(
  threads: number,
  faults: readonly Fault[],
  together = 1,
  place?: Place,
): Promise<CrashReport> {
  return inNewWorld({ threads, claimMs: 90, patienceMs: 0, ...place }, async (world) => {
    let report = NOTHING;
    for (let next = 0; next < faults.length; next += together) {
      const group = faults.slice(next, next + together);
      const ends = await Promise.all(group.map((fault) => live(world, fault)));
      group.forEach(({ point }, index) => {
        if (ends[index] === true) report = sum(report, { ...NOTHING, killed: { [point]: 1 }, kills: 1 });
      });
      if (!ends.includes(true)) break;
    }
    await live(world, undefined);
    return sum(report, await check(world));
  });
}

/** Runs threads in so many processes at once, none of which dies, while something goes on; then checks the same. */
export async function runTogether(
  threads: number,
  processes: number,
  place?: Partial<Place>,
  meanwhile: (ended: Promise<unknown>) => Promise<unknown> = async () => {},
): Promise<CrashReport> {
  return inNewWorld({ threads, claimMs: 5000, patienceMs: 0, ...place }, async (world) => {
    const lives = Promise.all(Array.from({ length: processes }, () => live(world, undefined)));
    await Promise.all([lives, meanwhile(lives.catch(() => {}))]);
    return check(world);
  });
}

/** How long a process is made to stand still, at most, in ms. */
const LONGEST_STAND = 400;

/**
 * Runs threads in so many processes at once that are made to stand still again and again for longer than their claims
 * last, wherever they are, and then go on as if nothing had been; then checks the same.
 */
export async function standStill(
  threads: number,
  processes: number,
  random: () => number,
  place?: Place,
): Promise<CrashReport & { readonly stops: number }> {
  return inNewWorld({ threads, claimMs: 90, patienceMs: 5 * LONGEST_STAND, ...place }, async (world) => {
    let stops = 0;
    const disturbed = async () => {
      let process: ChildProcess | undefined;
      const life = live(world, undefined, (child) => {
        process = child;
      });
      const ended = life.then(
        () => true,
        () => true,
      );
      const after = (ms: number) =>
        Promise.race([ended, new Promise((resolve) => setTimeout(resolve, ms, false))]);
      while ((await after(100 + random() * 300)) === false) {
        process?.kill("SIGSTOP");
        stops += 1;
        await after(100 + random() * (LONGEST_STAND - 100));
        process?.kill("SIGCONT");
      }
      await life;
    };
    await Promise.all(Array.from({ length: processes }, disturbed));
    return { ...(await check(world)), stops };
  });
}

async function inNewWorld<T>(
  settings: Omit<World, "path" | "ledger"> & Partial<Place>,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-crash-"));
  try {
    return await work({ path: join(folder, "threads.db"), ledger: join(folder, "ledger"), ...settings });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function check({ path, ledger: ledgerPath, threads }: World): Promise<CrashReport> {
  const ledger = readLedger(ledgerPath);
  const keysOf = (kind: string) => ledger.flatMap((line) => (line.kind === kind ? [line.key] : []));
  const paid = keysOf("pay");
  expect(new Set(paid).size, "a payment that ran twice").toBe(paid.length);
  const store = await openStore(path, "/");
  try {
    const { threads: found } = await store.list({ limit: 1000 });
    expect(found).toHaveLength(threads);
    const ids = found.map(({ threadId }) => String(threadId));
    for (const id of keysOf("launched")) expect(ids, "a launched thread").toContain(id);
    const payments: string[] = [];
    const saves = new Set<string>();
    const news: string[] = [];
    let unknown = 0;
    for (const { threadId, status, seq } of found) {
      const { events, state } = threadOf(threadId, await store.read(threadId));
      expect(state.status).toEqual({ kind: "finished", result: "all done" });
      expect({ status, seq }).toEqual({ status: "finished", seq: events.length });
      expect(await store.verify(threadId)).toMatchObject({ ok: true });
      const calls = new Map<string, string>();
      for (const event of events) {
        const isNews =
          event.type === "finished" || (event.type === "notified" && event.data.text !== undefined);
        if (isNews) news.push(`${threadId}.${event.seq}`);
        if (event.type === "tool_unknown") unknown += 1;
        if (event.type !== "tool_started") continue;
        const { callId, intent, key } = event.data;
        expect(calls.get(callId) ?? key, "the key of a call").toBe(key);
        calls.set(callId, key);
        if (intent === "pay" || intent === "refund") payments.push(key);
        if (intent === "save") saves.add(key);
      }
    }
    expect(new Set(paid), "payments by the ledger and by the threads").toEqual(new Set(payments));
    expect(paid).toHaveLength(threads * PAYMENTS);
    expect(new Set(keysOf("save"))).toEqual(saves);
    const fresh = keysOf("told");
    expect(new Set(fresh).size, "people told twice without knowing it").toBe(fresh.length);
    expect([...fresh, ...keysOf("retold")], "what people are owed").toEqual(expect.arrayContaining(news));
    const answered = keysOf("answered");
    expect(new Set(answered).size, "a request that two answers won").toBe(answered.length);
    for (const key of answered) {
      const request = parseRequestId(key);
      const thread = request === undefined ? [] : await store.read(request.threadId);
      const answers = thread.filter(
        (event) => event.type === "human_responded" && event.data.request === request?.seq,
      );
      expect(answers, `the answer to ${key}`).toHaveLength(1);
    }
    const saved = keysOf("save").length;
    return { ...NOTHING, threads, paid: paid.length, saved, saves: saves.size, unknown };
  } finally {
    await store.close();
  }
}
