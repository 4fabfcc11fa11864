import type { ThreadId } from "../base/ids.ts";
import type { SearchText } from "../base/search-words.ts";
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
  readonly agent?: string | undefined;
  readonly status?: readonly StatusKind[] | undefined;
  /** Only threads with a pending request to people. */
  readonly pending?: boolean | undefined;
  /**
   * Words that must all stand somewhere in what a thread's events say, or the beginning of its id. Case and accents do not
   * matter; a word of three or more characters also finds longer ones that begin with it; in quotes, exactly these words
   * one after another. Threads that `unindexed` names are found by what was indexed of them.
   */
  readonly search?: string | undefined;
  readonly awaitedEvent?: string | undefined;
  readonly parentThreadId?: ThreadId | undefined;
  /** Only threads whose latest event is older than this time (ms since the epoch), as far as lists have seen it. */
  readonly updatedBefore?: number | undefined;
  /** Default 50, at most 1000. */
  readonly limit?: number | undefined;
  /** The `next` of the previous page. */
  readonly cursor?: string | undefined;
}

/** A thread whose row is damaged or was edited by hand. Its events can be read; an append without events repairs the row. */
export interface UnreadableThread {
  readonly threadId: string;
  readonly problem: string;
}

/** What a thread was found by: the text with most of the words, the latest of these. */
export interface SearchHit extends SearchText {
  readonly threadId: ThreadId;
}

export interface ThreadPage {
  /**
   * Newest `updatedAt` first. A store may be up to ten seconds behind in placing a thread whose projection did not
   * change (one that works step after step).
   */
  readonly threads: readonly ThreadSummary[];
  /** With `search`, for each thread of this page that was found by more than its id: where the words stand. */
  readonly hits: readonly SearchHit[];
  /** Threads of this page that exist but cannot be shown, with what is wrong with them. */
  readonly unreadable: readonly UnreadableThread[];
  /** Where the next page begins; `null` if there is none. With `search`, a page may be short although this is set. */
  readonly next: string | null;
}

/**
 * Runs one statement of SQL in a transaction of the store's database. A statement with a name, always the same for the same
 * text, is planned once for each connection.
 */
export type RunStatement = (
  sql: string,
  values?: readonly unknown[],
  name?: string,
) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;

export interface AppendOptions {
  /** What follows from the events, for lists and for waking; written in the same transaction. */
  readonly projection: ThreadProjection;
  /**
   * An idempotency key. The first append with it wins; a later one with the same key changes nothing and reports
   * where the first one went. Written in the same transaction as the events.
   */
  readonly once?: string | undefined;
  /**
   * Append only if this owner holds the thread past this time (ms since the epoch), as `claim` and `renew` say; otherwise
   * nothing changes. Checked in the transaction that writes the events.
   */
  readonly claim?: { readonly owner: string; readonly past: number } | undefined;
  /**
   * What can be found of the events; written in the same transaction. Must hold no secrets. Default: the thread counts as
   * unindexed until `index` gets the texts.
   */
  readonly texts?: readonly SearchText[] | undefined;
  /**
   * The thread's state before these events, as returned by `fold`. A store may keep it, so that `state` need not start from
   * the first event.
   */
  readonly before?: ThreadState | undefined;
  /**
   * Writes to other tables of the same database in the transaction of this append. Only the PostgreSQL store calls it,
   * and only if events are appended; it calls it again if the transaction is tried again. If it throws, nothing is
   * appended.
   */
  readonly alongside?: ((run: RunStatement) => Promise<void>) | undefined;
}

export type AppendOutcome =
  | { readonly kind: "appended" }
  /** The owner named in `claim` no longer holds the thread, or not for long enough. */
  | { readonly kind: "not_claimed" }
  /** `once` was used before: these are the thread and sequence number after that append. */
  | { readonly kind: "duplicate"; readonly threadId: ThreadId; readonly seq: number };

export interface Erasure {
  /** Events without content, of the same types, to replace those that `record` names. */
  readonly replacements: readonly ThreadEvent[];
  /** The `data_erased` event, its data made by `erasureData`. */
  readonly record: ThreadEvent;
  /** What follows from the events after the erasure. */
  readonly projection: ThreadProjection;
  /** What can be found of `record`. What could be found of the erased events is removed. */
  readonly texts?: readonly SearchText[] | undefined;
}

/** A thread of which not everything can be found yet. */
export interface UnindexedThread {
  readonly threadId: ThreadId;
  /** Its events up to this number can be found. */
  readonly after: number;
}

/** What is to be found of a thread in addition. */
export interface Indexing {
  /** The texts are those of the events after this number … */
  readonly after: number;
  /** … up to the thread's last one, which is this. */
  readonly seq: number;
  readonly texts: readonly SearchText[];
  /** What follows from the events: an earlier release knew less of it. */
  readonly projection: ThreadProjection;
}

/** The events of threads: the only truth. */
export interface EventLog {
  /**
   * Appends events by compare-and-swap: throws `SequenceConflictError`, changing nothing, unless the thread's last sequence
   * number is `expectedSeq`. An `expectedSeq` of 0 creates the thread. `events` carry consecutive numbers; an empty list
   * (for an existing thread) only rewrites the projection. Nothing is written that could not be read again: an event or
   * projection of the wrong shape, or with a time that no date can hold, is a `UsageError`.
   */
  append(
    threadId: ThreadId,
    expectedSeq: number,
    events: readonly ThreadEvent[],
    options: AppendOptions,
  ): Promise<AppendOutcome>;
  /** The thread's events after `after` (default 0: all), in order. Throws `NotFoundError` for an unknown thread. */
  read(threadId: ThreadId, after?: number): Promise<readonly ThreadEvent[]>;
  /**
   * What `fold` returns for the thread's events; a store that keeps states need not read them all. A kept state is used only
   * if it was made from the very events in the store, and is removed when any of them is erased. Throws `NotFoundError` for
   * an unknown thread.
   */
  state(threadId: ThreadId): Promise<ThreadState>;
  /** Checks the hash chain, and that it still passes through `anchor`. Throws `NotFoundError` for an unknown thread. */
  verify(threadId: ThreadId, anchor?: ChainAnchor): Promise<Verification>;
  /**
   * Replaces the data of events with content-free stand-ins and appends the record of the erasure, by compare-and-swap like
   * `append`. The digests stay, so that the chain still verifies; the erased data cannot be guessed from them. Values about the
   * thread whose names begin with `content:` are removed.
   */
  erase(threadId: ThreadId, expectedSeq: number, erasure: Erasure): Promise<void>;
  /**
   * Removes for good the thread and everything kept about it, in every role. Resolves with false if there was none. With
   * `expectedSeq`, throws `SequenceConflictError`, changing nothing, unless that is the thread's last sequence number.
   */
  delete(threadId: ThreadId, expectedSeq?: number): Promise<boolean>;
}

/** What follows from the events of each thread, for lists. */
export interface Listing {
  /** `undefined` for an unknown thread. */
  summary(threadId: ThreadId): Promise<ThreadSummary | undefined>;
  /** Of these threads those that there are, in any order: one question for all that a process works on. */
  summaries(threadIds: readonly ThreadId[]): Promise<readonly ThreadSummary[]>;
  list(filter?: ListFilter): Promise<ThreadPage>;
  /**
   * Threads of these agents that were written by an earlier release, or without texts: up to `limit` of them, the latest
   * first, and how many there are, counted up to `countTo` (default: all).
   */
  unindexed(
    agents: readonly string[],
    limit: number,
    countTo?: number,
  ): Promise<{ readonly threads: readonly UnindexedThread[]; readonly count: number }>;
  /**
   * Makes the rest of a thread findable. Resolves with false, changing nothing, if the thread has changed since or is gone, or
   * somebody else was first.
   */
  index(threadId: ThreadId, indexing: Indexing): Promise<boolean>;
}

/** Who works on which thread, and which threads want work. */
export interface Leases {
  /**
   * Takes the right to advance a thread until `until` (ms since the epoch). Resolves with false if another owner holds it
   * past `now`. A claim that would last for more than an hour from `now` was made before the clock was set back: it counts
   * as over, in `due` as well.
   */
  claim(threadId: ThreadId, owner: string, now: number, until: number): Promise<boolean>;
  /**
   * Extends every claim that the owner still holds, even one that has run out if nobody else has taken it, and returns the
   * threads it holds. If a thread is missing, another owner has taken it: stop working on it. A store may forget claims
   * that ran out an hour before `now`.
   */
  renew(owner: string, now: number, until: number): Promise<readonly ThreadId[]>;
  release(threadId: ThreadId, owner: string): Promise<void>;
  /**
   * Threads that nobody holds and that have work, whose `wakeAt` has come, or whose claim ran out without being released
   * (its worker died, perhaps before it had told people); those that have waited longest come first. With `agents`, only
   * threads of those agents: a process asks for what it can run. With `wantedBefore`, work that has come up since then is left
   * to whoever was told of it.
   */
  due(
    now: number,
    limit: number,
    agents?: readonly string[],
    options?: { readonly wantedBefore?: number | undefined },
  ): Promise<readonly ThreadId[]>;
}

export interface ValueOptions {
  /** From this time on (ms since the epoch) the value may be forgotten. Default: never. */
  readonly expiresAt?: number | undefined;
  /** The thread that the value is about; it is removed when the thread is deleted. Default: none. */
  readonly about?: ThreadId | undefined;
}

/** Small values kept beside the threads: cron ticks, channel cursors, sessions, answers kept for a while. */
export interface Values {
  getValue(key: string): Promise<string | undefined>;
  /** Compare-and-swap on the old value: resolves with false, changing nothing, unless it is `expected`. */
  setValue(
    key: string,
    value: string,
    expected: string | undefined,
    options?: ValueOptions,
  ): Promise<boolean>;
  /** Removes the values that had expired at `now` and resolves with their number. Until then even expired values are there. */
  forgetValues(now: number): Promise<number>;
}

/**
 * Where threads are kept. All methods may be called from several processes at once. When a promise resolves, the change is
 * on disk. Methods throw `SequenceConflictError`, `NotFoundError`, `StorageError` and, for arguments that can never be
 * valid (events out of order, data that is not JSON, a malformed cursor), `UsageError`; nothing else.
 */
export interface ThreadStore extends EventLog, Listing, Leases, Values {
  close(): Promise<void>;
}
