import type { Clock } from "../base/clock.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";

export interface SweeperOptions {
  readonly store: ThreadStore;
  readonly clock: Clock;
  /** Milliseconds between two looks at the store. */
  readonly intervalMs: number;
  /** How long, in ms, other processes may need to renew their claims after the machine has slept. */
  readonly graceMs: number;
  /** Only threads of these agents. */
  readonly agents: readonly string[];
  /** How many threads to look at; must exceed the number of threads known to fail. */
  readonly limit: () => number;
  /** For how long, in ms, work that has come up is left to the engine that was told of it. */
  readonly leftToEngineMs: number;
  /** Takes up what was found, or the first of it; returns whether some was left. */
  readonly take: (due: readonly ThreadId[]) => boolean;
  /** Called with all threads that have work, where they are no more than were looked for. May not throw. */
  readonly onAll: (due: readonly ThreadId[]) => void;
  /** May not throw. */
  readonly onProblem: (error: unknown) => void;
}

/** How often expired values are removed. Nothing depends on it: every reader of a value checks its time. */
const FORGET_EVERY_MS = 600_000;

/**
 * Finds threads that have work and that nobody advances, because their process died or their time has come. This makes
 * every way of scheduling safe: a lost nudge only causes a delay.
 */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const { store, clock, intervalMs, graceMs } = options;
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    let last = clock.now();
    let forgotten = last;
    let isLeft = false;
    while (!stopped.signal.aborted) {
      // The machine slept, or its clock was set: a process that seems dead may only be waking up, like this one.
      const jumped = clock.now() - last > intervalMs + graceMs;
      if (jumped) await clock.sleep(graceMs, stopped.signal).catch(() => {});
      try {
        isLeft = await sweep();
        if (clock.now() - forgotten >= FORGET_EVERY_MS) {
          forgotten = clock.now();
          await store.forgetValues(forgotten);
        }
      } catch (error) {
        if (!stopped.signal.aborted) options.onProblem(error);
      }
      last = clock.now();
      await clock.sleep(isLeft ? intervalMs / 4 : intervalMs, stopped.signal).catch(() => {});
    }
  };
  const sweep = async (): Promise<boolean> => {
    const now = clock.now();
    const wantedBefore = now - options.leftToEngineMs;
    const limit = options.limit();
    const due = await store.due(now, limit, options.agents, { wantedBefore });
    if (due.length < limit) options.onAll(due);
    return options.take(due);
  };
  const done = loop();
  return {
    stop: () => {
      stopped.abort();
      return done;
    },
  };
}
