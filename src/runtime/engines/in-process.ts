import { createHandOver, type Engine, type EngineStart } from "./engine.ts";

/**
 * The engine without a queue: whoever changes a thread takes it up at once, in the same process. Threads changed by a process
 * that advances none are found by the others when they next look for work.
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
