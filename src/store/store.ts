import type { ThreadId } from "../base/ids.ts";
import type { ChainAnchor, Verification } from "../thread/chain-verify.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { ThreadProjection } from "../thread/projection.ts";
import type { StatusKind, ThreadState } from "../thread/state.ts";

export type { ChainAnchor, ThreadProjection, Verification };

export interface ThreadSummary extends ThreadProjection {
  readonly threadId: ThreadId;
  readonly seq: number;
  /** ISO times of the first and the latest event. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ListFilter {
  readonly agent?: string;
  readonly status?: readonly StatusKind[];
  /** Only threads with a pending request to people. */
  readonly pending?: boolean;
  /** Case-insensitive part of the title or id. */
  readonly search?: string;
  readonly awaitedEvent?: string;
  readonly parentThreadId?: ThreadId;
  /** Default 50, at most 1000. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface ThreadPage {
  /**
   * Newest `updatedAt` first. A store may be up to ten seconds behind in placing a thread whose projection did not
   * change (one that works step after step).
   */
  readonly threads: readonly ThreadSummary[];
  /** Where the next page begins; `null`: there is none. With `search`, a page may be short while this is set. */
  readonly next: string | null;
}

export interface AppendOptions {
  /**
   * An idempotency key. The first append with it wins; a later one with the same key changes nothing and reports
   * where the first one went. Written in the same transaction as the events.
   */
  readonly once?: string;
  /**
   * Only while this owner holds the thread past this time (ms), as `claim` and `renew` say; otherwise nothing changes.
   * Looked at in the same transaction as the events are written in.
   */
  readonly claim?: { readonly owner: string; readonly past: number };
  /**
   * The thread's state before these events, as `fold` gave it. A store may keep it, so that `state` need not begin with
   * the first event.
   */
  readonly before?: ThreadState;
}

export type AppendOutcome =
  | { readonly kind: "appended" }
  /** The owner that `claim` names does not hold the thread any more, or not for long enough. */
  | { readonly kind: "not_claimed" }
  /** `once` was used before: these are the thread and sequence number after that append. */
  | { readonly kind: "duplicate"; readonly threadId: ThreadId; readonly seq: number };

/**
 * Where threads live. All methods are safe to call from several processes at once. A resolved promise means that the
 * change is on disk. Throws `SequenceConflictError`, `NotFoundError`, `StorageError` and, for arguments that can never be
 * right (events out of order, data that is not JSON, a malformed cursor), `UsageError`; nothing else.
 */
export interface ThreadStore {
  /**
   * Appends events, compare-and-swap: fails with `SequenceConflictError`, changing nothing, unless the thread's last
   * sequence number is `expectedSeq`. `expectedSeq` 0 creates the thread. `events` carry consecutive numbers; none at all
   * (for a thread that exists) only writes the projection anew.
   */
  append(
    threadId: ThreadId,
    expectedSeq: number,
    events: readonly ThreadEvent[],
    projection: ThreadProjection,
    options?: AppendOptions,
  ): Promise<AppendOutcome>;
  /** The thread's events after `after` (default 0: all), in order. `NotFoundError` for an unknown thread. */
  read(threadId: ThreadId, after?: number): Promise<readonly ThreadEvent[]>;
  /**
   * What `fold` gives for the thread's events; a store that keeps states need not read them all. A kept state is used only
   * where it was made from the very events that are there, and goes with whatever is erased. `NotFoundError` for an unknown thread.
   */
  state(threadId: ThreadId): Promise<ThreadState>;
  summary(threadId: ThreadId): Promise<ThreadSummary | undefined>;
  list(filter?: ListFilter): Promise<ThreadPage>;
  /** Checks the hash chain, and that it still leads through `anchor`. `NotFoundError` for an unknown thread. */
  verify(threadId: ThreadId, anchor?: ChainAnchor): Promise<Verification>;
  /**
   * Replaces the data of events with a content-free stand-in of the same type and appends `record`, a `data_erased`
   * event naming them (its data made by `erasureData`). The digests stay, so that the chain still verifies; what was
   * erased cannot be guessed from them.
   */
  erase(
    threadId: ThreadId,
    expectedSeq: number,
    replacements: readonly ThreadEvent[],
    record: ThreadEvent,
    projection: ThreadProjection,
  ): Promise<void>;
  /** Removes the thread and everything kept about it, for good. False if there was none. */
  delete(threadId: ThreadId): Promise<boolean>;

  /**
   * Takes the right to advance a thread until `until` (ms). False while another owner holds it past `now`. A claim that
   * would last for more than an hour from `now` was made before the clock was set back: it is over, in `due` as well.
   */
  claim(threadId: ThreadId, owner: string, now: number, until: number): Promise<boolean>;
  /**
   * Extends every claim the owner still holds, also one that has run out as long as nobody else has taken it; returns
   * the threads it holds. A thread that is missing was taken by another owner: stop working on it. A store may forget
   * claims that ran out an hour before `now`.
   */
  renew(owner: string, now: number, until: number): Promise<readonly ThreadId[]>;
  release(threadId: ThreadId, owner: string): Promise<void>;
  /**
   * Threads that nobody holds and that want advancing, whose `wakeAt` has come, or whose claim ran out without being
   * released (its worker died, maybe before it had told people); the longest waiting first. With `agents`, only threads of those agents: a process asks for what it can run.
   */
  due(now: number, limit: number, agents?: readonly string[]): Promise<readonly ThreadId[]>;
  /** The earliest `wakeAt` later than `after` (default: the earliest of all), if any. */
  nextWake(after?: number): Promise<number | null>;

  /** Small values beside the threads: cron ticks, channel cursors, sessions. Compare-and-swap on the old value. */
  getValue(key: string): Promise<string | undefined>;
  setValue(
    key: string,
    value: string,
    expected: string | undefined,
    /** From this time (ms) on it may be forgotten. Default: never. */
    expiresAt?: number,
  ): Promise<boolean>;
  /** Removes the values whose time was over at `now`; how many. Until then they are there, also after their time. */
  forgetValues(now: number): Promise<number>;

  close(): Promise<void>;
}
