import type { RequestId, ThreadId } from "../base/ids.ts";
import type { EventOf } from "../thread/events.ts";
import type { PendingRequest } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

/** What people are told about. */
export interface Notice {
  readonly threadId: ThreadId;
  readonly requestId: RequestId;
  readonly request: PendingRequest;
  readonly thread: Thread;
  /** True when this may have been delivered before: the process ended before that was recorded. */
  readonly mayBeRepeated: boolean;
}

/** A request that is answered, expired or cancelled, or whose question has answered itself. */
export interface ClosedNotice extends Omit<Notice, "mayBeRepeated"> {
  /** What closed it. */
  readonly by: EventOf<"human_responded" | "request_expired" | "cancelled" | "tool_finished" | "tool_failed">;
}

/** A way to reach people. Answers come back through the runtime's `respond`, with a verified principal. */
export interface Channel {
  readonly name: string;
  /** Whether this channel tells anybody about this request. Default: yes. */
  wants?(notice: Notice): boolean;
  /** Tells people. Throwing means that it was not delivered: it is tried again later, with back-off. */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
  /** A request that it has told people about is closed: bring the message up to date. Throwing is reported, and tried again for a while. */
  closed?(notice: ClosedNotice): Promise<void>;
}
