import { Cron } from "croner";
import { z } from "zod";
import { anything, fields, oneOf, optional, text } from "../base/checks.ts";
import { type Clock, isoTime } from "../base/clock.ts";
import { UsageError } from "../base/errors.ts";
import { callQuietly } from "../base/hooks.ts";
import type { Json } from "../base/json.ts";
import { callback, checkNames, checkOptions, nonEmptyName } from "../base/options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Via } from "../thread/events.ts";

/** Launches a thread at certain times. */
export interface CronTrigger {
  /** Unique and permanent: the store remembers under this name what has fired. */
  readonly name: string;
  /** A cron expression of five fields, or six with seconds first. */
  readonly schedule: string;
  /** IANA name, e.g. `Europe/Berlin`. Default UTC. */
  readonly timeZone?: string;
  readonly agent: string;
  /** Stored with the event that starts the thread. Default `null`. */
  readonly payload?: Json;
  /** The channel and address that are told how it goes: see `Launch.via`. Default: nobody is. */
  readonly via?: Via;
  /**
   * Called at each tick to see whether there is anything to do. Its value becomes the payload; `null` starts no thread and
   * contacts nobody. If it throws, that is reported and the check runs again within a minute. If a process dies, it may
   * run twice for one tick.
   */
  readonly check?: (signal: AbortSignal) => Promise<Json | null>;
  /** What happens to ticks that passed while no process ran: the latest fires (`latest`, default) or none (`skip`). */
  readonly missed?: "latest" | "skip";
}

export interface CronOptions {
  readonly triggers: readonly CronTrigger[];
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** May not throw. */
  readonly onProblem: (trigger: string, error: unknown) => void;
}

/** A tick this late counts as missed. */
const LATE_MS = 60_000;
/** A process that has not finished a tick this long after taking it counts as dead. */
const CLAIM_MS = 60_000;
const LOOK_MS = 20_000;

const stored = z.object({
  /** The latest tick that was taken, or where counting began. */
  tick: z.number(),
  /** Until when the process that took the tick has time; `null` once it is done. */
  claimedUntil: z.number().nullable(),
});
type Stored = z.infer<typeof stored>;

const TRIGGER = fields({
  name: nonEmptyName,
  schedule: text(),
  timeZone: optional(text()),
  agent: nonEmptyName,
  payload: anything,
  via: optional(fields({ channel: nonEmptyName, address: text() })),
  check: optional(callback),
  missed: optional(oneOf(["latest", "skip"])),
});

/**
 * Throws `UsageError` for triggers that could never fire correctly: an unknown option, a schedule that cannot be read, two
 * triggers of one name, or an agent that is not among `agents` (if those are given).
 */
export function checkCronTriggers(
  triggers: readonly CronTrigger[],
  agents?: { has(name: string): boolean },
): void {
  const names = new Set<string>();
  for (const trigger of triggers) {
    checkOptions(`cron ${trigger?.name}`, TRIGGER, trigger);
    scheduleOf(trigger);
    if (names.has(trigger.name)) {
      throw new UsageError("invalid_configuration", `cron: two triggers have the same name: ${trigger.name}`);
    }
    names.add(trigger.name);
    if (agents?.has(trigger.agent) !== false) continue;
    const message = `cron ${trigger.name}: there is no agent "${trigger.agent}"`;
    throw new UsageError("invalid_configuration", message);
  }
}

/**
 * Watches the clock for all triggers. Several processes may do so: one of them takes each tick, with a
 * compare-and-swap in the store, and the launch itself carries the tick as its idempotency key. Throws
 * `UsageError` as `checkCronTriggers` does.
 */
export function startCron(options: CronOptions): { stop(): Promise<void> } {
  checkNames("startCron", { triggers: true, runtime: true, clock: true, onProblem: true }, options);
  checkCronTriggers(options.triggers, options.runtime.agents);
  const stopped = new AbortController();
  const loops = options.triggers.map((trigger) => {
    const next = scheduleOf(trigger);
    return watch(trigger, next, options, stopped.signal);
  });
  return {
    async stop() {
      stopped.abort();
      await Promise.all(loops);
    },
  };
}

/** The first tick after a time, in ms; `null` if there is none. */
type Next = (after: number) => number | null;

function scheduleOf({ name, schedule, timeZone = "UTC" }: CronTrigger): Next {
  try {
    const cron = new Cron(schedule, { timezone: timeZone, paused: true });
    cron.nextRun(new Date(0));
    return (after) => cron.nextRun(new Date(after))?.getTime() ?? null;
  } catch (error) {
    throw new UsageError(
      "invalid_configuration",
      `cron ${name}: "${schedule}" in ${timeZone} is not a schedule`,
      { cause: error },
    );
  }
}

async function watch(
  trigger: CronTrigger,
  next: Next,
  options: CronOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, onProblem } = options;
  while (!signal.aborted) {
    let wait = LOOK_MS;
    try {
      wait = Math.min(LOOK_MS, await look(trigger, next, options, signal));
    } catch (error) {
      if (!signal.aborted) callQuietly(() => onProblem(trigger.name, error));
    }
    await clock.sleep(wait, signal).catch(() => {});
  }
}

/** Fires what is due. Returns the milliseconds until there may be something to do again. */
async function look(
  trigger: CronTrigger,
  next: Next,
  { runtime, clock }: CronOptions,
  signal: AbortSignal,
): Promise<number> {
  const key = `cron:${trigger.name}`;
  const now = clock.now();
  const text = await runtime.store.getValue(key);
  const before: Stored =
    text === undefined ? { tick: now, claimedUntil: null } : stored.parse(JSON.parse(text));
  if (text === undefined) await runtime.store.setValue(key, JSON.stringify(before), undefined);
  const unfinished = before.claimedUntil !== null;
  if (before.claimedUntil !== null && now < before.claimedUntil) return before.claimedUntil - now;
  const tick = unfinished ? before.tick : latestDue(next, before.tick, now);
  if (tick === null) return Math.max(1, (next(Math.max(before.tick, now)) ?? now + LOOK_MS) - now);
  const claim = JSON.stringify({ tick, claimedUntil: now + CLAIM_MS } satisfies Stored);
  if (!(await runtime.store.setValue(key, claim, text ?? JSON.stringify(before)))) return 1;
  const late = now - tick > LATE_MS && !unfinished;
  if (!late || trigger.missed !== "skip") await fire(trigger, tick, runtime, signal);
  await runtime.store.setValue(key, JSON.stringify({ tick, claimedUntil: null } satisfies Stored), claim);
  return 1;
}

const MAX_MISSED = 100_000;

function latestDue(next: Next, after: number, now: number): number | null {
  let latest: number | null = null;
  let from = after;
  for (let count = 0; count < MAX_MISSED; count++) {
    const tick = next(from);
    if (tick === null || tick > now) break;
    latest = tick;
    from = tick;
  }
  return latest;
}

async function fire(
  trigger: CronTrigger,
  tick: number,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<void> {
  const payload = trigger.check === undefined ? (trigger.payload ?? null) : await trigger.check(signal);
  if (trigger.check !== undefined && payload === null) return;
  await runtime.launch({
    agent: trigger.agent,
    via: trigger.via,
    input: {
      event: { name: trigger.name, source: "cron", payload: { at: isoTime(tick), payload } },
      from: "system",
    },
    once: `cron:${trigger.name}:${tick}`,
  });
}
