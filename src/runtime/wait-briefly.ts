import { setTimeout } from "node:timers/promises";

const BRIEFLY_MS = 2_000;

/**
 * Waits, when a process stops, for looks at the store, but not for long: a database that is down answers late, and what a look
 * finds counts for nothing any more. `looking` may not reject.
 */
export async function waitBriefly(looking: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = setTimeout(BRIEFLY_MS, undefined, { signal: over.signal }).catch(() => {});
  await Promise.race([looking, late]);
  over.abort();
}
