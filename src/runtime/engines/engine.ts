import type { ThreadId } from "../../base/ids.ts";
import type { RunStatement } from "../../store/store.ts";
import type { Thread, ThreadHead } from "../../thread/thread.ts";

/**
 * Takes a thread up: resolves once this process has claimed it, or there is nothing to do, or somebody else holds it. Waits
 * while this process advances as many threads as it may: whoever delivers wakes should then leave further ones to other
 * processes. Never rejects. `known` is the thread as it was just written by this process.
 */
export type Advance = (threadId: ThreadId, known?: Thread | ThreadHead) => Promise<void>;

/** What an engine is given at its start. */
export interface EngineStart {
  readonly advance: Advance;
  /** Told of what the engine could not do and tries again. May not throw. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Wakes threads: brings the word that a thread has work to a process that advances it. It decides nothing and keeps nothing
 * of a thread. Whoever takes a thread up claims it in the store, every write is fenced by sequence number and claim, and
 * each process that advances threads also looks for work by itself: an engine that loses a wake, brings it twice or is down
 * only makes a thread begin later.
 */
export interface Engine {
  /** As messages name it. */
  readonly name: string;
  /** Set where it wakes threads in this process alone: it is then started together with the runtime. */
  readonly local?: true;
  /**
   * Called after each change that leaves a thread with work. `at`: not before this time (ms since the epoch); an engine
   * without timers may leave such wakes out, because the store is searched for threads whose time has come. Rejects when
   * the wake could not be sent; the change stands.
   */
  wake(threadId: ThreadId, at?: number, known?: Thread | ThreadHead): Promise<void>;
  /**
   * Enqueues the wake with statements in the transaction of the change that makes it necessary, so that there is never one
   * without the other. For engines whose queue lies in the store's database; `wake` is then called for no change that was
   * enqueued like this.
   */
  readonly enqueue?: ((threadId: ThreadId, run: RunStatement) => Promise<void>) | undefined;
  /** Begins to deliver wakes to this process. Called at most once, and only in a process that advances threads. */
  start(work: EngineStart): Promise<void>;
  /** Resolves when no wake that reached this process is still on its way to `advance`. */
  idle(): Promise<void>;
  /** Delivers nothing more and closes what was opened. Wakes that are left are delivered elsewhere, or after the next start. */
  stop(): Promise<void>;
}

/** Counts wakes that are being handed over, for `idle`. */
export function createHandOver(): {
  readonly begun: <T>(work: Promise<T>) => Promise<T>;
  readonly idle: () => Promise<void>;
} {
  const open = new Set<Promise<unknown>>();
  return {
    begun(work) {
      open.add(work);
      const forget = () => open.delete(work);
      work.then(forget, forget);
      return work;
    },
    async idle() {
      while (open.size > 0) await Promise.allSettled(open);
    },
  };
}
