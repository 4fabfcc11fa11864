import type { RequestId, ThreadId } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import type { ErrorInfo, EventOf, Principal } from "../thread/events.ts";
import type { PendingRequest } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { ClosingEvent } from "../thread/updates.ts";
import type { People } from "./people.ts";

/** What every message of a thread to people says. */
interface About {
  /** The same whenever this message is repeated: an idempotency key for what a channel sends. */
  readonly id: string;
  readonly threadId: ThreadId;
  readonly thread: Thread;
  /** True if this may have been delivered before: a process ended before it could record the delivery. */
  readonly mayBeRepeated: boolean;
}

/** A pending request that people are told about. */
export interface RequestNotice extends About {
  readonly kind: "request";
  readonly requestId: RequestId;
  readonly request: PendingRequest;
  /** Who is who here, for the names of people. Default: nothing is known. */
  readonly people?: People | undefined;
}

/** How a thread goes on, for the channel that it comes from. */
export type NewsNotice = About & {
  /** Where the reply goes, as the channel itself said when it started the thread. */
  readonly address: string;
  /** The event that it is about. */
  readonly seq: number;
} & (
    | { readonly kind: "progress"; readonly text: string }
    | { readonly kind: "finished"; readonly result: Json }
    | { readonly kind: "failed"; readonly error: ErrorInfo }
    | { readonly kind: "cancelled"; readonly by: Principal; readonly reason: string | null }
  );

/** A message to people: a request, progress, the end of a run, or a failure. */
export type Notice = RequestNotice | NewsNotice;

type Told = Pick<RequestNotice, "threadId" | "thread" | "requestId" | "request" | "people">;

/** A request that was answered, expired or cancelled, or whose question has answered itself. */
export interface ClosedNotice extends Told {
  readonly kind: "closed";
  /** What closed it. */
  readonly by: ClosingEvent;
}

/** A request that somebody has approved, and that still needs others who do; `request` says who has. */
export interface ApprovedNotice extends Told {
  readonly kind: "approved";
  readonly by: EventOf<"human_responded">;
}

/** How a request that people were told of has changed. */
export type UpdateNotice = ClosedNotice | ApprovedNotice;

/**
 * Small values that a channel keeps beside the threads: the part of a store that it may use. A value `about` a thread goes when
 * the thread is deleted. Erasing what was said in the thread removes only values whose names begin with `content:`, so a
 * value that holds anything of that needs such a name.
 */
export interface ChannelValues {
  getValue(key: string): Promise<string | undefined>;
  /** Compare-and-swap: resolves with false, changing nothing, unless the old value is `expected`. */
  setValue(
    key: string,
    value: string,
    expected: string | undefined,
    options?: { readonly expiresAt?: number | undefined; readonly about?: ThreadId | undefined },
  ): Promise<boolean>;
}

/** A way to reach people. Their answers come back through the runtime's `respond`, with a verified principal. */
export interface Channel {
  readonly name: string;
  /**
   * Whether this channel tells anybody of this message. Called whenever one may have to be delivered, so it must be quick
   * and pure. If it throws, that is a delivery that has failed. Default: always.
   */
  wants?(notice: Notice): boolean;
  /**
   * Tells people. Called with each request, and again after each escalation of it; and with the progress, end or failure of
   * threads that come from this channel (`via`), in their order, while the run waits. Called until it succeeds once: throwing
   * means that nothing was delivered, and it is tried again later, with back-off. After a crash it may be called again: see
   * `mayBeRepeated`. `values` is the runtime's store.
   */
  deliver(notice: Notice, signal: AbortSignal, values: ChannelValues): Promise<void>;
  /**
   * A request that this channel has told people about, or has tried to, is closed, or one of those who must approve it has: brings
   * the message up to date. The run goes on meanwhile. Called until it succeeds once, also by later processes: if it throws, it is
   * tried again with back-off for about a day and a half, as long as nothing newer is to be said of the request. After a crash it
   * may be called again with the same notice. Fails if it takes longer than a minute.
   */
  update?(notice: UpdateNotice, values: ChannelValues, signal: AbortSignal): Promise<void>;
}
