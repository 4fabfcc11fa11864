import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../base/clock.ts";
import { SequenceConflictError } from "../base/errors.ts";
import { appendWrite, type Journal, type Write } from "../loop/journal.ts";
import type { AppendOptions, AppendOutcome, ThreadStore } from "../store/store.ts";
import type { EventType, ThreadEvent } from "../thread/events.ts";
import { projectionOf } from "../thread/projection.ts";
import type { ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { catchUp } from "./catch-up.ts";

/** Called with events once they are on disk, in order. May not throw. */
export type OnAppended = (before: ThreadState, thread: Thread, events: readonly ThreadEvent[]) => void;

/** The claim that a worker has on the thread it writes to. */
export interface Claim {
  readonly owner: string;
  /** How long it lasts without a heartbeat, in ms. */
  readonly ms: number;
  /** Claims the thread again; false if another process holds it. Called when the claim is in doubt. */
  retake(): Promise<boolean>;
}

export interface StoreJournalOptions {
  readonly store: ThreadStore;
  readonly clock: Clock;
  /** The thread's agent, which says what is kept out of the store. */
  readonly agent: Agent;
  readonly onAppended?: OnAppended | undefined;
  readonly claim?: Claim | undefined;
}

const SOON_MS = 20;
/** Events that leave a model's answer valid. Any other event may be the very step that the answer proposes. */
const ASIDE: ReadonlySet<EventType> = new Set(["paused", "resumed", "passed_on"]);
/** The same where new input waits for the open step. */
const ASIDE_IN_QUEUE: ReadonlySet<EventType> = new Set([...ASIDE, "message_received", "event_received"]);

interface Conflict {
  readonly error: SequenceConflictError;
  /** Whether the other writer's events make a model's answer out of date. */
  readonly outdated: boolean;
}

/**
 * A journal that keeps a thread in a store. Events that may wait are written together with the next ones, in one
 * transaction. If there is a claim, nothing is decided without it: a worker that has lost its claim can only record what
 * has already happened.
 */
export class StoreJournal implements Journal {
  #thread: Thread;
  #onDisk: Thread;
  #pending: Write[] = [];
  #flushing: Promise<unknown> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** A conflict found by a write in the background; the next write must report it. */
  #overtaken: Conflict | null = null;
  #readUpTo: number;
  #failure: { readonly error: unknown } | null = null;
  readonly #store: ThreadStore;
  readonly #clock: Clock;
  readonly #agent: Agent;
  readonly #onAppended: OnAppended;
  readonly #claim: Claim | undefined;

  constructor(thread: Thread, { store, clock, agent, onAppended = () => {}, claim }: StoreJournalOptions) {
    this.#thread = thread;
    this.#onDisk = thread;
    this.#readUpTo = thread.state.seq;
    this.#store = store;
    this.#clock = clock;
    this.#agent = agent;
    this.#onAppended = onAppended;
    this.#claim = claim;
  }

  get thread(): Thread {
    return this.#thread;
  }

  /** The last event that was read rather than written here: another worker may have acted on what is no newer. */
  get readUpTo(): number {
    return this.#readUpTo;
  }

  async append(write: Write): Promise<void> {
    if (this.#flushing !== null) await this.#flushing.catch(() => {});
    this.#raise();
    const overtaken = this.#overtaken;
    this.#overtaken = null;
    if (overtaken === null) {
      this.#thread = this.#withWrite(write);
    } else {
      const moved = survives(write, overtaken.outdated) ? this.#tryWrite(write) : undefined;
      if (moved === undefined) throw overtaken.error;
      this.#thread = moved;
    }
    this.#pending.push(write);
    if (write.when === "now") await this.flush();
    else this.#flushSoon();
  }

  async flush(): Promise<void> {
    if (this.#flushing !== null) await this.#flushing.catch(() => {});
    this.#raise();
    let conflict = this.#overtaken;
    this.#overtaken = null;
    // What survives a conflict is written before the caller hears of it.
    while (this.#pending.length > 0) conflict = mergeWrites(conflict, await this.#writeOut());
    if (conflict !== null) throw conflict.error;
  }

  /** Stops the timer and writes whatever is still pending. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#flushing !== null) await this.#flushing.catch(() => {});
    while (this.#pending.length > 0 && this.#failure === null) await this.#writeOut();
  }

  #withWrite(write: Write): Thread {
    return appendWrite(this.#thread, write, { agent: this.#agent, now: this.#clock.now() });
  }

  #tryWrite(write: Write): Thread | undefined {
    try {
      return this.#withWrite(write);
    } catch {
      return undefined;
    }
  }

  #raise(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (this.#flushing !== null || this.#pending.length === 0) return;
      this.#writeOut().then(
        (conflict) => {
          this.#overtaken = mergeWrites(this.#overtaken, conflict);
          // What still stands after another writer's events is still to be written.
          if (this.#pending.length > 0) this.#flushSoon();
        },
        (error: unknown) => {
          this.#failure = { error };
        },
      );
    }, SOON_MS);
  }

  #writeOut(): Promise<Conflict | null> {
    const written = this.#writeAlone();
    this.#flushing = written;
    return written;
  }

  async #writeAlone(): Promise<Conflict | null> {
    try {
      return await this.#writeOnce();
    } finally {
      this.#flushing = null;
    }
  }

  async #writeOnce(): Promise<Conflict | null> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const thread = this.#thread;
    const events = thread.events.slice(this.#onDisk.events.length);
    const decides = this.#pending.some(({ onConflict }) => onConflict !== "keep");
    // An empty write that decides still finds out whether somebody else has written.
    if (events.length === 0 && !decides) {
      this.#pending = [];
      return null;
    }
    const claim = decides ? this.#claim : undefined;
    const before = this.#clock.now();
    const options: AppendOptions = {
      projection: projectionOf(thread.state),
      texts: this.#agent.context.forSearch(events, this.#onDisk.events),
      before: this.#onDisk.state,
      // A heartbeat comes every third of a claim, so a claim with less than a third left has missed one.
      claim:
        claim === undefined ? undefined : { owner: claim.owner, past: Math.floor(before + claim.ms / 3) },
    };
    let written: AppendOutcome;
    try {
      written = await this.#store.append(thread.id, this.#onDisk.state.seq, events, options);
    } catch (error) {
      if (error instanceof SequenceConflictError) return this.#rebase();
      throw error;
    }
    if (written.kind !== "appended") return this.#rebase();
    const { state } = this.#onDisk;
    this.#pending = [];
    this.#onDisk = thread;
    this.#onAppended(state, thread, events);
    const took = this.#clock.now() - before;
    return claim !== undefined && took > claim.ms / 10 ? this.#overtakenMeanwhile(claim) : null;
  }

  /** A write that took very long is on disk; a worker that took the thread over meanwhile already builds on it. */
  async #overtakenMeanwhile(claim: Claim): Promise<Conflict | null> {
    if (await claim.retake()) {
      const newer = await this.#store.read(this.#onDisk.id, this.#onDisk.state.seq);
      if (newer.length === 0) return null;
    }
    return this.#rebase();
  }

  /** Takes in the other writer's events, and those of ours that are still valid after them. */
  async #rebase(): Promise<Conflict> {
    const expected = this.#onDisk.state.seq;
    const held = (await this.#claim?.retake()) ?? true;
    const { thread, newer } = await catchUp(this.#store, this.#onDisk);
    const aside = this.#agent.whenBusy === "queue" ? ASIDE_IN_QUEUE : ASIDE;
    const outdated = newer.some((event) => !aside.has(event.type));
    this.#onDisk = thread;
    this.#readUpTo = thread.state.seq;
    this.#thread = thread;
    const before = this.#pending;
    this.#pending = [];
    for (const write of before) {
      if (!(held ? survives(write, outdated) : write.onConflict === "keep")) continue;
      const moved = this.#tryWrite(write);
      if (moved === undefined) continue;
      this.#thread = moved;
      this.#pending.push(write);
    }
    const error = new SequenceConflictError(this.#onDisk.id, expected, this.#onDisk.state.seq);
    return { error, outdated };
  }
}

function mergeWrites(earlier: Conflict | null, later: Conflict | null): Conflict | null {
  if (earlier === null || later === null) return later ?? earlier;
  return { error: later.error, outdated: earlier.outdated || later.outdated };
}

function survives(write: Write, outdated: boolean): boolean {
  return write.onConflict === "keep" || (write.onConflict === "keep_unless_outdated" && !outdated);
}
