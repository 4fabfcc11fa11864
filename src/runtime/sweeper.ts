import type { Clock } from "../base/clock.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore } from "../store/store.ts";

export interface SweeperOptions {
  readonly store: ThreadStore;
  readonly clock: Clock;
  /** Milliseconds between two looks at the store. */
  readonly intervalMs: number;
  /** Only threads of these agents. */
  readonly agents: readonly string[];
  readonly nudge: (threadId: ThreadId) => void;
  /** May not throw. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * Finds threads that want advancing and nobody advances (their process died, their time has come). Makes every way of scheduling safe: a lost nudge is only a delay.
 */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const { store, clock } = options;
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        await sweep();
      } catch (error) {
        options.onProblem(error);
      }
      await clock.sleep(options.intervalMs, stopped.signal).catch(() => {});
    }
  };
  const sweep = async (): Promise<void> => {
    for (const threadId of await store.due(clock.now(), 100, options.agents)) options.nudge(threadId);
  };
  const done = loop();
  return {
    stop: () => {
      stopped.abort();
      return done;
    },
  };
}
