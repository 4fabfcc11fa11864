import { limitTime } from "../base/deadlines.ts";
import type { ThreadId } from "../base/ids.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Thread } from "../thread/thread.ts";

/** The thread once it waits or has ended, or as it is after so many ms. Rejects if `signal` is aborted before. */
export async function settleWithin(
  runtime: Runtime,
  threadId: ThreadId,
  ms: number,
  signal: AbortSignal,
): Promise<Thread> {
  const time = limitTime(ms);
  try {
    return await runtime.settled(threadId, AbortSignal.any([signal, time]));
  } catch (error) {
    signal.throwIfAborted();
    if (time.aborted) return runtime.get(threadId);
    throw error;
  }
}
