import type { ThreadId } from "../base/ids.ts";
import type { AppendOptions } from "../store/store.ts";
import { projectionOf } from "../thread/projection.ts";
import type { Thread, ThreadHead } from "../thread/thread.ts";
import type { Engine } from "./engines/engine.ts";
import type { Notify } from "./observers.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface Waking {
  /** Call it after a change: wakes a process that advances the thread, unless the change itself did. */
  wake(threadId: ThreadId, thread: Thread | ThreadHead): void;
  /** Call it when a thread has come to rest: it may have to be woken at a certain time. */
  atRest(thread: ThreadHead): void;
  /** What to write in the transaction of a change that leaves a thread in this state. */
  alongside(thread: ThreadHead): AppendOptions["alongside"];
  /** Starts to take wakes from the engine. */
  start(): void;
  stop(): Promise<void>;
}

export interface WakingOptions {
  readonly engine: Engine;
  readonly pool: WorkerPool;
  /** Whether there is something to do for a thread. */
  readonly wants: (thread: ThreadHead) => boolean;
  /** Whether this process advances threads. */
  readonly advances: boolean;
  readonly notify: Notify;
}

/** Joins an engine to the workers of this process. */
export function createWaking({ engine, pool, wants, advances, notify }: WakingOptions): Waking {
  const onProblem = (error: unknown) => notify({ kind: "sweep_problem", error });
  const { enqueue } = engine;
  const start = () =>
    engine.start({ advance: (threadId, known) => pool.takeUp(threadId, known), onProblem }).catch(onProblem);
  // A process may advance a thread that it has changed at once, before it looks for other work; an engine with
  // a queue waits for `start`.
  let started = advances && engine.local === true ? start() : undefined;
  let stopped: Promise<void> | undefined;
  return {
    wake(threadId, thread) {
      if (enqueue !== undefined || !wants(thread)) return;
      engine.wake(threadId, undefined, thread).catch(onProblem);
    },
    atRest(thread) {
      const { wakeAt } = projectionOf(thread.state);
      if (wakeAt !== null) engine.wake(thread.id, wakeAt).catch(onProblem);
    },
    alongside(thread) {
      if (enqueue === undefined || !wants(thread)) return undefined;
      return (run) => enqueue(thread.id, run);
    },
    start() {
      started ??= start();
    },
    stop() {
      stopped ??= Promise.resolve(started).then(() => engine.stop());
      return stopped;
    },
  };
}
