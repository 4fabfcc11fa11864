import { createHandOver, type Engine, type EngineStart } from "./engine.ts";

/**
 * The engine without a queue: the process that changes a thread advances it at once. If that process advances no
 * threads, the others find the thread when they next look for work.
 */
export function inProcessEngine(): Engine {
  const { begun, idle } = createHandOver();
  let work: EngineStart | undefined;
  return {
    name: "in-process",
    local: true,
    async wake(threadId, at, known) {
      if (at === undefined && work !== undefined) void begun(work.advance(threadId, known));
    },
    async start(started) {
      work = started;
    },
    idle,
    async stop() {
      work = undefined;
    },
  };
}
