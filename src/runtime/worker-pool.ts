import { withDeadline } from "../base/deadlines.ts";
import type { ThreadId } from "../base/ids.ts";
import type { ThreadStore, ThreadSummary } from "../store/store.ts";
import type { Thread, ThreadHead } from "../thread/thread.ts";
import { Failures } from "./failures.ts";
import { type Heeded, type WorkerOptions, work } from "./worker.ts";

interface Job {
  readonly cancel: AbortController;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** Resolves when this process has claimed the thread, or when the job ends without a claim. */
  readonly taken: Promise<void>;
  /** Aborted when a message interrupts what runs now. */
  interruption: AbortController;
  /** What the work takes into account; `undefined` until it has read the thread. */
  heeded: (() => Heeded) | undefined;
  /** Somebody has cancelled the thread. */
  cancelled: boolean;
  /** Whether this process has claimed the thread. */
  claimed: boolean;
  /** The thread's last event when it was last looked at. */
  seen: number;
  /** Something arrived while the job ran: look once more. */
  again: boolean;
}

interface Queued extends PromiseWithResolvers<void> {
  /** Only a look at the store has brought it. */
  isFound: boolean;
}

/**
 * How often, in ms, to check whether another process has cancelled a thread. It must take no longer than half a second
 * to notice.
 */
const LOOK_MS = 350;

export interface PoolOptions extends WorkerOptions {
  /** How many threads are advanced at the same time. */
  readonly concurrency: number;
  /** Called when a thread that was advanced here waits or has ended. May not throw. */
  readonly onRest: (thread: Thread) => void;
}

/**
 * Advances threads in this process: one worker per thread, at most `concurrency` at once; the others queue. A thread that
 * waits takes up nothing here.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #jobs = new Map<ThreadId, Job>();
  /** The threads in the queue, each with what resolves once it leaves the queue. */
  readonly #waiting = new Map<ThreadId, Queued>();
  readonly #failures = new Failures();
  #stopping = false;
  #heartbeat: AbortController | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The threads being advanced here. */
  get active(): readonly ThreadId[] {
    return [...this.#jobs.keys()];
  }

  isActive(threadId: ThreadId): boolean {
    return this.#jobs.has(threadId);
  }

  /** How many threads could not be advanced here at the last try. */
  get failing(): number {
    return this.#failures.size;
  }

  /** Call it with all threads that have work: of any other, it is forgotten that it could not be advanced here. */
  keepFailing(due: readonly ThreadId[]): void {
    this.#failures.keep([...due, ...this.#jobs.keys()], this.#options.clock.now());
  }

  /** Advances a thread at once, or when a place is free. `known` is the thread or its head as it was just written. */
  nudge(threadId: ThreadId, known?: Thread | ThreadHead): void {
    if (this.#stopping) return;
    const job = this.#jobs.get(threadId);
    if (job !== undefined) job.again = true;
    else if (this.#jobs.size < this.#options.concurrency) this.#start(threadId, known);
    else this.#enqueue(threadId);
  }

  /**
   * Takes up threads that were found in the store, the first ones first: as many as there are places for, and as many again in
   * the queue. The others are left to other processes, or to the next look. What was found before and has not begun, and is not
   * among them any more, has begun elsewhere. Returns whether some were left.
   */
  takeFound(due: readonly ThreadId[]): boolean {
    if (this.#stopping) return false;
    const { clock, concurrency } = this.#options;
    const found = new Set(due);
    for (const [threadId, { isFound }] of this.#waiting)
      if (isFound && !found.has(threadId)) this.#dequeue(threadId);
    for (const threadId of due) {
      if (this.#jobs.has(threadId) || this.#waiting.has(threadId)) continue;
      if (this.#failures.holdsBack(threadId, clock.now())) continue;
      if (this.#jobs.size + this.#waiting.size >= 2 * concurrency) return true;
      if (this.#jobs.size < concurrency) this.nudge(threadId);
      else this.#enqueue(threadId, true);
    }
    return false;
  }

  /**
   * Like `nudge`, but resolves when this process has claimed the thread, or when it does not claim it because there is
   * nothing to do or another process holds it.
   */
  async takeUp(threadId: ThreadId, known?: Thread | ThreadHead): Promise<void> {
    this.nudge(threadId, known);
    for (;;) {
      const job = this.#jobs.get(threadId);
      if (job !== undefined) return job.taken;
      const queued = this.#waiting.get(threadId);
      if (queued === undefined) return;
      await queued.promise;
    }
  }

  /** Why the thread could not be advanced here at the last try; `undefined` when it could. */
  failureOf(threadId: ThreadId): { readonly error: unknown } | undefined {
    return this.#failures.of(threadId);
  }

  /** Resolves when nothing runs or is queued here for the thread. Rejects with the signal's reason when it is aborted. */
  async idle(threadId: ThreadId, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const done = this.#jobs.get(threadId)?.done ?? this.#waiting.get(threadId)?.promise;
      if (done === undefined) return;
      await withDeadline(() => done, { signal });
    }
  }

  /**
   * Call it when the thread is cancelled: aborts the model call or tool that runs here for it. Work that knows of the cancellation
   * goes on: it tells people of it.
   */
  interrupt(threadId: ThreadId): void {
    const job = this.#jobs.get(threadId);
    if (job === undefined) return;
    job.cancelled = true;
    this.#interruptCancelled(job);
  }

  #interruptCancelled({ cancelled, heeded, cancel, stop }: Job): void {
    // Work that has not read the thread yet may read it as cancelled.
    if (!cancelled || heeded === undefined || heeded().cancelled) return;
    const reason = new DOMException("the thread was cancelled", "AbortError");
    cancel.abort(reason);
    stop.abort(reason);
  }

  /** Aborts what runs here for this thread if it does not take the input with this number into account. */
  interruptFor(threadId: ThreadId, input: number): void {
    const job = this.#jobs.get(threadId);
    if (job?.heeded === undefined || job.heeded().lastInput >= input) return;
    const { interruption } = job;
    job.interruption = new AbortController();
    interruption.abort(new DOMException("a newer message has interrupted it", "AbortError"));
  }

  /** Starts nothing more, aborts model calls and lets tools end. Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const threadId of this.#waiting.keys()) this.#dequeue(threadId);
    const jobs = [...this.#jobs.values()];
    for (const job of jobs) job.stop.abort(new DOMException("the process is stopping", "AbortError"));
    await Promise.all(jobs.map((job) => job.done));
  }

  #enqueue(threadId: ThreadId, isFound = false): void {
    const queued = this.#waiting.get(threadId);
    if (queued === undefined) this.#waiting.set(threadId, { ...Promise.withResolvers(), isFound });
    else if (!isFound) queued.isFound = false;
  }

  #dequeue(threadId: ThreadId): void {
    this.#waiting.get(threadId)?.resolve();
    this.#waiting.delete(threadId);
  }

  #startNext(): void {
    for (const threadId of this.#waiting.keys()) {
      if (this.#jobs.size >= this.#options.concurrency) return;
      this.#start(threadId);
      this.#dequeue(threadId);
    }
  }

  #start(threadId: ThreadId, known?: Thread | ThreadHead): void {
    const cancel = new AbortController();
    const stop = new AbortController();
    const taken = Promise.withResolvers<void>();
    const signals = {
      signal: stop.signal,
      toolSignal: cancel.signal,
      interruption: () => job.interruption.signal,
      onClaimed: () => {
        job.claimed = true;
        taken.resolve();
      },
      onBegin: (heeded: () => Heeded) => {
        job.heeded = heeded;
        this.#interruptCancelled(job);
      },
    };
    const done = work(threadId, this.#options, signals, known)
      .then(
        (thread) => this.#onSuccess(threadId, thread),
        (error: unknown) => this.#failed(threadId, error),
      )
      .then(() => {
        taken.resolve();
        this.#jobs.delete(threadId);
        if (this.#jobs.size === 0) this.#heartbeat?.abort();
        if (job.again && !this.#stopping) this.#enqueue(threadId);
        this.#startNext();
      });
    const job: Job = {
      cancel,
      stop,
      done,
      taken: taken.promise,
      interruption: new AbortController(),
      heeded: undefined,
      cancelled: false,
      claimed: false,
      seen: 0,
      again: false,
    };
    this.#jobs.set(threadId, job);
    this.#keepAlive();
  }

  /**
   * Renews this process's claims while it works, so that a long-running tool does not look like a dead process, and checks
   * what other processes have done to the threads it works on.
   */
  #keepAlive(): void {
    if (this.#heartbeat !== null && !this.#heartbeat.signal.aborted) return;
    const { clock, claimMs, observe } = this.#options;
    const heartbeat = new AbortController();
    this.#heartbeat = heartbeat;
    const beat = async (): Promise<void> => {
      let renewed = clock.now();
      for (;;) {
        await clock.sleep(Math.min(claimMs / 3, LOOK_MS), heartbeat.signal);
        try {
          if (clock.now() - renewed >= claimMs / 3) {
            renewed = clock.now();
            await this.#renew(renewed);
          }
          await this.#heedOthers();
        } catch (error) {
          // Nothing runs any more: the store may be closed by now.
          if (heartbeat.signal.aborted) return;
          observe({ kind: "sweep_problem", error });
        }
      }
    };
    // Ends when it is aborted: nothing runs any more.
    beat().catch(() => {});
  }

  /** Leaves a thread to the process that has taken it over. A running tool may end: its effects cannot be undone. */
  async #renew(now: number): Promise<void> {
    const { store, owner, claimMs } = this.#options;
    const claimed = [...this.#jobs].filter(([, job]) => job.claimed);
    const held = new Set(await store.renew(owner, now, now + claimMs));
    for (const [threadId, job] of claimed) {
      if (!held.has(threadId))
        job.stop.abort(new DOMException("another process has taken the thread over", "AbortError"));
    }
  }

  /** Stops what another process has cancelled, deleted, or interrupted by a message. Asks the store once for all threads. */
  async #heedOthers(): Promise<void> {
    const { store, agents } = this.#options;
    const look = async ({ threadId, status, agent, seq }: ThreadSummary) => {
      const job = this.#jobs.get(threadId);
      if (status === "cancelled") this.interrupt(threadId);
      else if (job !== undefined && job.seen < seq && agents.get(agent)?.whenBusy === "interrupt") {
        this.interruptFor(threadId, (await store.state(threadId)).lastInput);
        job.seen = seq;
      }
    };
    const jobs = [...this.#jobs];
    const summaries = await store.summaries(jobs.map(([threadId]) => threadId));
    const known = new Set(summaries.map(({ threadId }) => threadId));
    for (const [threadId, job] of jobs)
      if (!known.has(threadId)) job.stop.abort(new DOMException("the thread was deleted", "AbortError"));
    await Promise.all(summaries.map(look));
  }

  /** Somebody may have written to the thread between the last look at it and its release: looks again. */
  async #onSuccess(threadId: ThreadId, thread: Thread | undefined): Promise<void> {
    this.#failures.forget(threadId);
    if (thread === undefined || this.#stopping) return;
    const summary = await this.#options.store.summary(threadId).catch(() => undefined);
    if (summary?.seq === thread.state.seq) this.#options.onRest(thread);
    else if (summary?.wantsAdvance === true) this.nudge(threadId);
  }

  async #failed(threadId: ThreadId, error: unknown): Promise<void> {
    const { store, clock, observe } = this.#options;
    if (await isGone(threadId, store)) return this.#failures.forget(threadId);
    this.#failures.add(threadId, error, clock.now());
    observe({ kind: "problem", threadId, error });
  }
}

async function isGone(threadId: ThreadId, store: Pick<ThreadStore, "summary">): Promise<boolean> {
  try {
    return (await store.summary(threadId)) === undefined;
  } catch {
    return false;
  }
}
