import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import type { Clock } from "../base/clock.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/** Events to append, and how. */
export interface Write {
  /** A function where the events depend on their place in the thread: it is called anew when they move. */
  readonly events: readonly NewEvent[] | ((thread: Thread) => readonly NewEvent[]);
  /**
   * `now`: on disk before the next effect begins. `soon`: together with the next write, within milliseconds; only
   * for what can be had again without harm (a model's answer, the result of an idempotent tool).
   */
  readonly when: "now" | "soon";
  /**
   * What to do when somebody else wrote first. `drop`: the decision is stale. `keep`: it happened, so it is recorded
   * all the same. `keep_unless_outdated`: dropped when anything has happened that its maker would have gone by (all but
   * pausing and resuming).
   */
  readonly onConflict: "drop" | "keep" | "keep_unless_outdated";
}

/** The thread being advanced and the only way to change it. */
export interface Journal {
  readonly thread: Thread;
  /**
   * Appends. Throws `SequenceConflictError` after another writer's events were taken in and this write was dropped;
   * `thread` is then up to date.
   */
  append(write: Write): Promise<void>;
  /** Everything that was to be written soon is on disk. Throws like `append`. */
  flush(): Promise<void>;
}

/** The thread with what a write holds, as it is stored. Throws what `appendToThread` throws. */
export function appendWrite(
  thread: Thread,
  { events }: Write,
  options: { readonly agent: Agent | undefined; readonly now: number },
): Thread {
  return appendToThread(thread, typeof events === "function" ? events(thread) : events, options);
}

/**
 * A journal that keeps a thread in memory, for loops written by hand and for tests. Nobody else writes to it.
 *
 * @example
 * const ended = await advance(createJournal(thread, agent, systemClock), agent, { clock: systemClock, signal });
 */
export function createJournal(start: Thread, agent: Agent, clock: Clock): Journal {
  let thread = start;
  return {
    get thread() {
      return thread;
    },
    async append(write) {
      thread = appendWrite(thread, write, { agent, now: clock.now() });
    },
    flush: async () => {},
  };
}

/** On disk before anything else happens. */
export function write(...events: readonly NewEvent[]): Write {
  return { events, when: "now", onConflict: "drop" };
}
