import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 50;
/** No generation takes longer; who still waits then goes on. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Runs something while no other process on this machine does the same. The lock is a file that holds the number of its
 * process; that of a process which has ended is taken over. Where the file cannot be written, there is no lock.
 */
export async function oneAtATime<T>(lock: string, run: () => Promise<T>): Promise<T> {
  const held = await take(lock);
  try {
    return await run();
  } finally {
    if (held) rmSync(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  const until = Date.now() + LONGEST_WAIT_MS;
  while (Date.now() < until) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return true;
    } catch (error) {
      if (!isCode(error, "EEXIST")) return false;
    }
    removeIfLeft(lock);
    await sleep(LOOK_MS);
  }
  return false;
}

/** Removes the lock of a process that has ended. It is moved first: of several that wait, one succeeds. */
function removeIfLeft(lock: string): void {
  const mine = `${lock}.${process.pid}`;
  try {
    const owner = readFileSync(lock, "utf8");
    if (owner === "" || isAlive(Number(owner))) return;
    renameSync(lock, mine);
    // Meanwhile another process may have removed it and taken its place.
    if (readFileSync(mine, "utf8") === owner) rmSync(mine);
    else renameSync(mine, lock);
  } catch {
    // It is gone already.
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
