import type { Agent } from "../agent/agent.ts";
import { appendToThread } from "../agent/to-store.ts";
import type { Clock } from "../base/clock.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";

/** Events to append, and how to append them. */
export interface Write {
  /**
   * The events, or a pure function that makes them if they depend on their place in the thread. It is called again whenever
   * that place changes; what it throws, `append` throws.
   */
  readonly events: readonly NewEvent[] | ((thread: Thread) => readonly NewEvent[]);
  /**
   * `now`: on disk before the next effect begins. `soon`: together with the next write, within milliseconds; only for what
   * can be obtained again without harm (a model's answer, the result of an idempotent tool).
   */
  readonly when: "now" | "soon";
  /**
   * What to do if another writer was first. `drop`: the decision is stale. `keep`: it has happened, so it is recorded
   * anyway. `keep_unless_outdated`: dropped if anything but pausing and resuming has happened, since the answer did not
   * take that into account.
   */
  readonly onConflict: "drop" | "keep" | "keep_unless_outdated";
}

/** Holds the thread that is being advanced; the only way to change it. */
export interface Journal {
  readonly thread: Thread;
  /**
   * Appends events. Throws `SequenceConflictError` if another writer was first and this write was dropped; `thread` then
   * includes the other writer's events.
   */
  append(write: Write): Promise<void>;
  /** Writes everything that is to be written soon; resolves when it is on disk. Throws like `append`. */
  flush(): Promise<void>;
}

/** The thread with the events of a write, as they are stored. Throws what `appendToThread` throws. */
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

/** A write that is on disk before anything else happens. */
export function write(...events: readonly NewEvent[]): Write {
  return { events, when: "now", onConflict: "drop" };
}
