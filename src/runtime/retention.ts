import { type Check, fields, list, numberFrom, oneOf, optional } from "../base/checks.ts";
import type { Clock } from "../base/clock.ts";
import { sha256 } from "../base/digest.ts";
import { ConflictError, NotFoundError } from "../base/errors.ts";
import { nonEmptyName } from "../base/options.ts";
import { type VerifiedPrincipal, verifiedBy } from "../humans/principal.ts";
import type { ThreadStore, ThreadSummary } from "../store/store.ts";
import type { Changes } from "./changes.ts";

/** The statuses in which nobody waits for a thread any more, and it for nobody. */
export const ENDED = ["finished", "failed", "cancelled"] as const;
export type EndedStatus = (typeof ENDED)[number];

/** Which threads are not to be kept. A thread that works or waits is always kept. */
export interface RetentionRule {
  /** Days since the latest event. */
  readonly days: number;
  /** Only threads that have ended like this. Default: however they ended. */
  readonly status?: readonly EndedStatus[] | undefined;
  /** Only threads of this agent. Default: of all. */
  readonly agent?: string | undefined;
  /**
   * `"delete"` (default): the thread and everything kept about it. `"erase"`: what people, models and tools said; who did what
   * and when remains, and the hash chain still verifies.
   */
  readonly action?: "delete" | "erase" | undefined;
}

const DAY_MS = 86_400_000;

/** What is wrong with rules of retention, for whoever takes them. */
export const RETENTION_RULE: Check = fields({
  // A hundred years.
  days: numberFrom(0, 36_500),
  status: optional(list(oneOf(ENDED), 1)),
  agent: optional(nonEmptyName),
  action: optional(oneOf(["delete", "erase"])),
});
export const RETENTION: Check = list(RETENTION_RULE);

export interface PruneOptions {
  readonly store: ThreadStore;
  readonly changes: Pick<Changes, "delete" | "erase">;
  readonly clock: Clock;
  /** Who does it, for the record of an erasure. */
  readonly by: VerifiedPrincipal;
  /** Called with each thread before anything is done to it; what it throws ends the pruning. */
  readonly onThread?: ((thread: ThreadSummary) => unknown) | undefined;
  /** Changes nothing. */
  readonly dry?: boolean | undefined;
  /** Only threads whose latest event is not older than this (ms since the epoch). Default: however old. */
  readonly since?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** At most so many threads. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * Deletes or erases the threads that a rule names, and resolves with how many there were. A thread that somebody has woken or
 * removed meanwhile is left alone.
 */
export async function prune(rule: RetentionRule, options: PruneOptions): Promise<number> {
  const { store, clock, onThread, dry = false, since = Number.NEGATIVE_INFINITY, signal } = options;
  const updatedBefore = clock.now() - rule.days * DAY_MS;
  const filter = { agent: rule.agent, status: rule.status ?? ENDED, updatedBefore, limit: 200 };
  let count = 0;
  let cursor: string | undefined;
  do {
    signal?.throwIfAborted();
    const page = await store.list({ ...filter, cursor });
    for (const thread of page.threads) {
      const updated = Date.parse(thread.updatedAt);
      // Newest first: the rest is older still.
      if (updated < since || count === options.limit) return count;
      if (updated >= updatedBefore) continue;
      await onThread?.(thread);
      if (dry || (await remove(thread, rule, options))) count += 1;
    }
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return count;
}

async function remove(
  { threadId }: ThreadSummary,
  { action, days }: RetentionRule,
  { changes, by }: PruneOptions,
): Promise<boolean> {
  try {
    if (action === "erase")
      await changes.erase(threadId, by, { reason: `kept for ${days} ${days === 1 ? "day" : "days"}` });
    else await changes.delete(threadId);
    return true;
  } catch (error) {
    if (error instanceof ConflictError || error instanceof NotFoundError) return false;
    throw error;
  }
}

export interface RetentionOptions {
  readonly rules: readonly RetentionRule[];
  readonly store: ThreadStore;
  readonly changes: Pick<Changes, "delete" | "erase">;
  readonly clock: Clock;
  /** May not throw. */
  readonly onProblem: (error: unknown) => void;
}

const EVERY_MS = 3_600_000;
/** How often a process looks whether it is time, in ms. */
const LOOK_MS = 60_000;
const NEXT = "retention next";

/** Applies the rules once an hour, in one of the processes that share the store. */
export function startRetention(options: RetentionOptions): { stop(): Promise<void> } {
  const { rules, clock, onProblem } = options;
  const stopped = new AbortController();
  const loop = async () => {
    while (rules.length > 0 && !stopped.signal.aborted) {
      try {
        if (await isMyTurn(options)) {
          for (const rule of rules) await applyRule(rule, options, stopped.signal);
        }
      } catch (error) {
        if (!stopped.signal.aborted) onProblem(error);
      }
      await clock.sleep(LOOK_MS, stopped.signal).catch(() => {});
    }
  };
  const done = loop();
  return {
    stop() {
      stopped.abort(new DOMException("the process is stopping", "AbortError"));
      return done;
    },
  };
}

/** Whether the hour is over and no other process has begun. */
async function isMyTurn({ store, clock }: RetentionOptions): Promise<boolean> {
  const next = await store.getValue(NEXT);
  // A time far ahead was written before a clock was set back.
  const wait = next === undefined ? 0 : Number(next) - clock.now();
  if (wait > 0 && wait <= EVERY_MS) return false;
  return store.setValue(NEXT, String(clock.now() + EVERY_MS), next);
}

/** Threads that are erased stay: what the rule has been applied to is remembered, so that they are not read each hour. */
async function applyRule(rule: RetentionRule, options: RetentionOptions, signal: AbortSignal): Promise<void> {
  const { store, clock } = options;
  const by = verifiedBy("system", "retention");
  const key = `retention done ${sha256(JSON.stringify(rule))}`;
  const before = rule.action === "erase" ? await store.getValue(key) : undefined;
  const until = clock.now() - rule.days * DAY_MS;
  await prune(rule, { ...options, by, signal, since: before === undefined ? undefined : Number(before) });
  if (rule.action === "erase") await store.setValue(key, String(until), before);
}
