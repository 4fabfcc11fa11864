import { requestIdOf } from "../base/ids.ts";
import type { Thread } from "../thread/thread.ts";

/** A thread for programs, in the same shape from every command with `--json`. */
export function threadJson(thread: Thread) {
  const { state } = thread;
  return {
    threadId: thread.id,
    agent: state.agent,
    status: state.status,
    requestId: state.request === null ? null : requestIdOf(thread.id, state.request.seq),
    usage: state.usage,
    steps: state.steps,
    events: thread.events,
  };
}
