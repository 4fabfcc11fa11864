import type { ThreadId } from "../../base/ids.ts";
import type { RunStatement } from "../../store/store.ts";
import type { Thread, ThreadHead } from "../../thread/thread.ts";

/**
 * Starts work on a thread. Resolves once this process has claimed it, or if there is nothing to do or another process
 * holds it. Waits while this process advances as many threads as it may, so that an engine can leave further wakes to
 * other processes. Never rejects. `known` is the thread as this process has just written it.
 */
export type Advance = (threadId: ThreadId, known?: Thread | ThreadHead) => Promise<void>;

/** What an engine gets when it starts. */
export interface EngineStart {
  readonly advance: Advance;
  /** Called with errors that the engine has met and will retry. May not throw. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Wakes threads: tells a process that can advance a thread that there is work. It decides nothing and keeps nothing of
 * a thread. Every process claims a thread in the store before it works on it, every write is fenced by sequence number
 * and claim, and each process that advances threads also looks for work by itself. So an engine that loses a wake,
 * delivers it twice or is down only makes a thread start later.
 */
export interface Engine {
  /** The engine's name in messages. */
  readonly name: string;
  /** True if it wakes threads only in this process: it is then started together with the runtime. */
  readonly local?: true;
  /**
   * Called after each change that leaves a thread with work. With `at`, the thread must not be woken before that time
   * (ms since the epoch); an engine without timers may ignore such wakes, because the store is searched for threads
   * whose time has come. Rejects if the wake could not be sent; the change stands.
   */
  wake(threadId: ThreadId, at?: number, known?: Thread | ThreadHead): Promise<void>;
  /**
   * Enqueues the wake with statements in the transaction of the change that makes it necessary, so that there is never
   * one without the other. For engines whose queue is in the store's database; `wake` is not called for a change whose
   * wake was enqueued.
   */
  readonly enqueue?: ((threadId: ThreadId, run: RunStatement) => Promise<void>) | undefined;
  /** Starts to deliver wakes to this process. Called at most once, and only in a process that advances threads. */
  start(work: EngineStart): Promise<void>;
  /** Resolves when no wake that has reached this process is still on its way to `advance`. */
  idle(): Promise<void>;
  /** Stops delivering and closes what was opened. Remaining wakes are delivered elsewhere, or after the next start. */
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
