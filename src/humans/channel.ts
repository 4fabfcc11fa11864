import type { RequestId, ThreadId } from "../base/ids.ts";
import type { EventOf } from "../thread/events.ts";
import type { PendingRequest } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

/** A pending request that people are told about. */
export interface Notice {
  readonly threadId: ThreadId;
  readonly requestId: RequestId;
  readonly request: PendingRequest;
  readonly thread: Thread;
  /** True if this may have been delivered before: a process ended before it could record the delivery. */
  readonly mayBeRepeated: boolean;
}

/** A request that was answered, expired or cancelled, or whose question has answered itself. */
export interface ClosedNotice extends Omit<Notice, "mayBeRepeated"> {
  /** What closed it. */
  readonly by: EventOf<"human_responded" | "request_expired" | "cancelled" | "tool_finished" | "tool_failed">;
}

/** A way to reach people. Their answers come back through the runtime's `respond`, with a verified principal. */
export interface Channel {
  readonly name: string;
  /**
   * Whether this channel tells anybody about this request. Called whenever a request may have to be delivered, so it must
   * be quick and pure. Default: always.
   */
  wants?(notice: Notice): boolean;
  /**
   * Tells people. Called for each request until it succeeds once, and again after each escalation. Throwing means that the
   * notice was not delivered: it is tried again later, with back-off. After a crash it may be called again: see
   * `mayBeRepeated`.
   */
  deliver(notice: Notice, signal: AbortSignal): Promise<void>;
  /**
   * A request that this channel has told people about is closed: brings the message up to date. If it throws, that is
   * reported and it is tried again for a few minutes, as long as the process runs.
   */
  closed?(notice: ClosedNotice): Promise<void>;
}
