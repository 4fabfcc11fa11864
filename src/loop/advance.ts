import type { Agent } from "../agent/agent.ts";
import { SequenceConflictError } from "../base/errors.ts";
import type { Thread } from "../thread/thread.ts";
import { decide } from "./decide.ts";
import type { EffectContext } from "./effect.ts";
import type { Journal } from "./journal.ts";
import { begin } from "./perform.ts";

/**
 * The loop: decides, performs and appends until there is nothing to do but wait, and returns the thread as it is then. When
 * `context.signal` is aborted, it stops before the next command; the thread can be taken up again later.
 */
export async function advance(journal: Journal, agent: Agent, context: EffectContext): Promise<Thread> {
  while (!context.signal.aborted) {
    try {
      await context.beforeCommand?.();
      const command = decide(journal.thread, agent);
      if (command.type === "wait") {
        await journal.flush();
        return journal.thread;
      }
      const writes = await begin(command, journal.thread, agent, context);
      for await (const write of writes) await journal.append(write);
    } catch (error) {
      // Another writer was first: the journal has taken in its events, so decide again.
      if (!(error instanceof SequenceConflictError)) throw error;
    }
  }
  return journal.thread;
}
