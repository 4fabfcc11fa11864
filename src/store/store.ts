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

/** A thread whose row was damaged or edited by hand. Its events can be read; an append without events mends the row. */
export interface UnreadableThread {
  readonly threadId: string;
  readonly problem: string;
}

export interface ThreadPage {
  /**
   * Newest `updatedAt` first. A store may be up to ten seconds behind in placing a thread whose projection did not
   * change (one that works step after step).
   */
  readonly threads: readonly ThreadSummary[];
  /** Threads of this page that are there and cannot be shown, with what is wrong with them. */
  readonly unreadable: readonly UnreadableThread[];
  /** Where the next page begins; `null`: there is none. With `search`, a page may be short while this is set. */
  readonly next: string | null;
}

export interface AppendOptions {
  /** What the events come to: written in the same transaction, for lists and for waking. */
  readonly projection: ThreadProjection;
  /**
   * An idempotency key. The first append with it wins; a later one with the same key changes nothing and reports
   * where the first one went. Written in the same transaction as the events.
   */
  readonly once?: string | undefined;
  /**
   * Only while this owner holds the thread past this time (ms), as `claim` and `renew` say; otherwise nothing changes.
   * Looked at in the same transaction as the events are written in.
   */
  readonly claim?: { readonly owner: string; readonly past: number } | undefined;
  /**
   * The thread's state before these events, as `fold` gave it. A store may keep it, so that `state` need not begin with
   * the first event.
   */
  readonly before?: ThreadState | undefined;
}

export type AppendOutcome =
  | { readonly kind: "appended" }
  /** The owner that `claim` names does not hold the thread any more, or not for long enough. */
  | { readonly kind: "not_claimed" }
  /** `once` was used before: these are the thread and sequence number after that append. */
  | { readonly kind: "duplicate"; readonly threadId: ThreadId; readonly seq: number };

export interface Erasure {
  /** Events without content, of the same types, in the place of those that `record` names. */
  readonly replacements: readonly ThreadEvent[];
  /** The `data_erased` event, its data made by `erasureData`. */
  readonly record: ThreadEvent;
  /** What the events come to after the erasure. */
  readonly projection: ThreadProjection;
}

/** The events of threads: the only truth. */
export interface EventLog {
  /**
   * Appends events, compare-and-swap: fails with `SequenceConflictError`, changing nothing, unless the thread's last
   * sequence number is `expectedSeq`. `expectedSeq` 0 creates the thread. `events` carry consecutive numbers; none at all
   * (for a thread that exists) only writes the projection anew. Nothing is written that could not be read again: an event
   * or projection of another shape, or with a time beyond what a date can hold, is a `UsageError`.
   */
  append(
    threadId: ThreadId,
    expectedSeq: number,
    events: readonly ThreadEvent[],
    options: AppendOptions,
  ): Promise<AppendOutcome>;
  /** The thread's events after `after` (default 0: all), in order. `NotFoundError` for an unknown thread. */
  read(threadId: ThreadId, after?: number): Promise<readonly ThreadEvent[]>;
  /**
   * What `fold` gives for the thread's events; a store that keeps states need not read them all. A kept state is used
   * only where it was made from the very events that are there, and goes with whatever is erased. `NotFoundError` for an
   * unknown thread.
   */
  state(threadId: ThreadId): Promise<ThreadState>;
  /** Checks the hash chain, and that it still leads through `anchor`. `NotFoundError` for an unknown thread. */
  verify(threadId: ThreadId, anchor?: ChainAnchor): Promise<Verification>;
  /**
   * Replaces the data of events with content-free stand-ins and appends the record of it, compare-and-swap like
   * `append`. The digests stay, so that the chain still verifies; what was erased cannot be guessed from them.
   */
  erase(threadId: ThreadId, expectedSeq: number, erasure: Erasure): Promise<void>;
  /**
   * Removes the thread and everything kept about it, in every role, for good. False if there was none. With
   * `expectedSeq`, fails with `SequenceConflictError`, changing nothing, where the thread has another last number.
   */
  delete(threadId: ThreadId, expectedSeq?: number): Promise<boolean>;
}

/** What the events of each thread come to, for lists. */
export interface Listing {
  /** `undefined` for an unknown thread. */
  summary(threadId: ThreadId): Promise<ThreadSummary | undefined>;
  list(filter?: ListFilter): Promise<ThreadPage>;
}

/** Who works on which thread, and which threads want work. */
export interface Leases {
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
   * released (its worker died, maybe before it had told people); the longest waiting first. With `agents`, only threads
   * of those agents: a process asks for what it can run.
   */
  due(now: number, limit: number, agents?: readonly string[]): Promise<readonly ThreadId[]>;
}

export interface ValueOptions {
  /** From this time (ms) on it may be forgotten. Default: never. */
  readonly expiresAt?: number | undefined;
  /** The thread that it says something about: it goes when the thread is deleted. Default: none. */
  readonly about?: ThreadId | undefined;
}

/** Small values beside the threads: cron ticks, channel cursors, sessions, answers kept for a time. */
export interface Values {
  getValue(key: string): Promise<string | undefined>;
  /** Compare-and-swap on the old value: false, changing nothing, where it is not `expected`. */
  setValue(
    key: string,
    value: string,
    expected: string | undefined,
    options?: ValueOptions,
  ): Promise<boolean>;
  /** Removes the values whose time was over at `now`; how many. Until then they are there, also after their time. */
  forgetValues(now: number): Promise<number>;
}

/**
 * Where threads live. All methods are safe to call from several processes at once. A resolved promise means that the
 * change is on disk. Throws `SequenceConflictError`, `NotFoundError`, `StorageError` and, for arguments that can never be
 * right (events out of order, data that is not JSON, a malformed cursor), `UsageError`; nothing else.
 */
export interface ThreadStore extends EventLog, Listing, Leases, Values {
  close(): Promise<void>;
}
